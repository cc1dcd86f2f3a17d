// How often a piece of work asks for memory. A program of its own, so that the other tests keep the sanitizers'
// operator new. Any thread; it counts its own.
#pragma once

namespace flashbid::support {

extern thread_local bool watching;
extern thread_local int allocations;

template <class Work>
int allocations_of(Work work) {
  allocations = 0;
  watching = true;
  work();
  watching = false;
  return allocations;
}

}  // namespace flashbid::support
