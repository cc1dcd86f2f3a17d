// Owners of what C libraries make: std::unique_ptr<T, Releasing<the function that ends it>>.
#pragma once

namespace flashbid {

template <auto release>
struct Releasing {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

}  // namespace flashbid
