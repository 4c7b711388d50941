# The core under attack: the edits that Intel's own library has been asked about, and every single-bit flip.
find_package(nlohmann_json REQUIRED)
add_executable(edits_test intel/edits_test.cpp intel/reference_edits.cpp intel/reference_status_test.cpp)
target_link_libraries(edits_test PRIVATE thimble_sim_worlds nlohmann_json::nlohmann_json GTest::gtest_main
  thimble_warnings)
target_compile_definitions(edits_test PRIVATE THIMBLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
gtest_discover_tests(edits_test DISCOVERY_MODE PRE_TEST)

set(fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz)
add_executable(bends_test intel/bends_test.cpp ${fuzz}/bends.cpp ${fuzz}/quote_bends.cpp ${fuzz}/platform_bends.cpp
  ${fuzz}/collateral_bends.cpp)
target_link_libraries(bends_test PRIVATE thimble_sim_worlds OpenSSL::Crypto GTest::gtest_main thimble_warnings)
gtest_discover_tests(bends_test DISCOVERY_MODE PRE_TEST)
