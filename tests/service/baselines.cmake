# Baselines, recoveries, the audit trail, signed results.
add_executable(baselines_test
  ${CMAKE_CURRENT_LIST_DIR}/audit_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/baseline_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/ear_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/recovery_test.cpp)
target_link_libraries(baselines_test PRIVATE thimble_service_testing GTest::gtest_main thimble_warnings)
gtest_discover_tests(baselines_test DISCOVERY_MODE PRE_TEST)
