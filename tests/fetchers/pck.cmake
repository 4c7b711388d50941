#PCK certificates from the PCS, and what Azure has.
add_executable(fetchers_pck_test ${CMAKE_CURRENT_LIST_DIR} / azure_thim_test.cpp ${CMAKE_CURRENT_LIST_DIR} /
               intel_pck_test.cpp ${CMAKE_CURRENT_LIST_DIR} / upstreams_pck_test.cpp)
    target_link_libraries(
        fetchers_pck_test PRIVATE thimble::fetchers thimble_sim_worlds GTest::gtest_main thimble_warnings)
        gtest_discover_tests(fetchers_pck_test DISCOVERY_MODE PRE_TEST)
