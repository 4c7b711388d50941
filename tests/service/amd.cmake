# SEV-SNP over loopback, beside the simulated KDS.
add_executable(service_amd_test
  amd_world.cpp
  floors_test.cpp
  kds_dialect_test.cpp
  kds_store_test.cpp
  snp_command_test.cpp
  snp_verify_test.cpp)
target_link_libraries(service_amd_test PRIVATE thimble_service_testing GTest::gtest_main thimble_warnings)
gtest_discover_tests(service_amd_test DISCOVERY_MODE PRE_TEST)
