# Platforms, their queue, and appraisal policies.
add_executable(platforms_test
  ${CMAKE_CURRENT_LIST_DIR}/appraisal_policies_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/platform_record_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/platform_registry_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/seen_platforms_test.cpp)
target_link_libraries(platforms_test PRIVATE thimble::cache GTest::gtest_main thimble_warnings)
gtest_discover_tests(platforms_test DISCOVERY_MODE PRE_TEST)
