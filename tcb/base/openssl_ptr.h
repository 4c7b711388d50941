// SPDX-License-Identifier: Apache-2.0
//
// Ownership of OpenSSL's objects. For source files alone: no header of the core shows OpenSSL.
#pragma once

#include <memory>

namespace thimble {

template <auto Free>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

// OpensslPtr<EVP_PKEY, EVP_PKEY_free>
template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<Free>>;

}  // namespace thimble
