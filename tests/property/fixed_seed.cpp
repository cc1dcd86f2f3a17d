// Every run of these tests is the same run, unless RC_PARAMS says otherwise (script/soak sets other seeds).
#include <cstdlib>

namespace {

[[maybe_unused]] const int set_before_the_first_property = ::setenv("RC_PARAMS", "seed=20260131 max_success=1000", 0);

}  // namespace
