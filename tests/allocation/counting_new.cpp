#include "allocation/counting_new.hpp"

#include <cstdlib>
#include <new>

namespace flashbid::support {

thread_local bool watching = false;
thread_local int allocations = 0;

}  // namespace flashbid::support

namespace {

using flashbid::support::allocations;
using flashbid::support::watching;

void* allocate(std::size_t size) {
  if (watching) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (watching) ++allocations;
  return std::malloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  if (watching) ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
