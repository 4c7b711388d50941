# The interface target `thimble_warnings`: strict for us, not forced on packagers. GCC's maybe-uninitialized is wrong
# about inlined library code (std::optional, nlohmann::json) at -O1; the sanitizer builds look for the real thing.
add_library(thimble_warnings INTERFACE)
target_compile_options(thimble_warnings INTERFACE -Wall -Wextra -Wconversion
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<BOOL:${THIMBLE_WARNINGS_AS_ERRORS}>:-Werror>)
