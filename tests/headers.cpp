// SPDX-License-Identifier: Apache-2.0
//
// Has no tests: the headers that every test program includes are compiled with it, once.
