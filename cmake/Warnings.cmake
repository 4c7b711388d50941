# The interface target `thimble_warnings`: strict for us, not forced on packagers.
add_library(thimble_warnings INTERFACE)
target_compile_options(thimble_warnings INTERFACE -Wall -Wextra -Wconversion
  $<$<BOOL:${THIMBLE_WARNINGS_AS_ERRORS}>:-Werror>)
