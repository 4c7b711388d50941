# The core under attack: the edits that Intel's own library has been asked about, and every single-bit flip.
find_package(nlohmann_json REQUIRED)
add_executable(edits_test intel/edits_test.cpp intel/reference_edits.cpp intel/reference_status_test.cpp)
target_link_libraries(edits_test PRIVATE thimble_sim_worlds nlohmann_json::nlohmann_json GTest::gtest_main
  thimble_warnings)
gtest_discover_tests(edits_test DISCOVERY_MODE PRE_TEST)

set(fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz)
add_executable(bends_test intel/bends_test.cpp ${fuzz}/bends.cpp ${fuzz}/quote_bends.cpp ${fuzz}/platform_bends.cpp
  ${fuzz}/collateral_bends.cpp)
target_link_libraries(bends_test PRIVATE thimble_sim_worlds OpenSSL::Crypto GTest::gtest_main thimble_warnings)
gtest_discover_tests(bends_test DISCOVERY_MODE PRE_TEST)

# One flip in 61 of each object here (all bit positions come round); all of them by hand: build/dev/tests/tcb/bit_flips
find_package(Threads REQUIRED)
add_executable(bit_flips bit_flips.cpp)
target_link_libraries(bit_flips PRIVATE thimble_sim_worlds Threads::Threads thimble_warnings)
add_test(NAME bit_flips COMMAND bit_flips 61)
