# What an attacker who finds a mistake meets, and builds that are equal wherever they are made. The compiler's part is for
# Release alone: the linker's costs nothing, and every build has it. tests/package/elf_test.py reads both out of the binary.
include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)  # CMAKE_POSITION_INDEPENDENT_CODE reaches the linker, too
add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)

if(NOT THIMBLE_SANITIZE AND NOT THIMBLE_FUZZ)
  set(hardening -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  check_cxx_compiler_flag(-fcf-protection=full has_cf_protection)  # x86
  if(has_cf_protection)
    list(APPEND hardening -fcf-protection=full)
  endif()
  # Paths of this machine in assertions and debug information would differ elsewhere.
  list(APPEND hardening -ffile-prefix-map=${PROJECT_SOURCE_DIR}=/source -ffile-prefix-map=${PROJECT_BINARY_DIR}=/build)
  add_compile_options("$<$<CONFIG:Release>:${hardening}>")
endif()

# Archives without times and owners, whatever binutils was built for.
set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_APPEND "<CMAKE_AR> qD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "<CMAKE_RANLIB> -D <TARGET>")
