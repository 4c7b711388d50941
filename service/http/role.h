// SPDX-License-Identifier: Apache-2.0
//
// What a client may do. A route needs one role; a request has some.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace thimble {

enum class Role : uint8_t {
  kRead,      // collateral and status
  kVerify,    // verifications
  kRegister,  // PCCS's `user-token`: register platforms
  kAdmin,     // PCCS's `admin-token`: whatever changes or tells more than collateral
};
constexpr size_t kRoleCount = 4;
std::string_view RoleName(Role role);  // "read", "verify", "register", "admin"

class RoleSet {
 public:
  constexpr RoleSet(std::initializer_list<Role> roles = {}) {
    for (const Role role : roles) Add(role);
  }
  static constexpr RoleSet All() { return {Role::kRead, Role::kVerify, Role::kRegister, Role::kAdmin}; }

  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  constexpr void Add(Role role) { bits_ |= Bit(role); }
  bool operator==(const RoleSet&) const = default;

 private:
  static constexpr uint8_t Bit(Role role) { return static_cast<uint8_t>(1u << static_cast<unsigned>(role)); }
  uint8_t bits_ = 0;
};

}  // namespace thimble
