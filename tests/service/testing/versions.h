// SPDX-License-Identifier: Apache-2.0
//
// Versions of collateral, each signed once, and the rule by which a decision about now should go: written down from the
// rule's words, on what the versions were made to be, without looking at how Thimble decides.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace thimble::test {

// What an item was made to be.
struct Made {
  uint32_t issue = 0;   // 1, 2, 3: the later, the newer
  uint32_t number = 0;  // evaluation number; 0 for CRLs
  bool revoking = false;
  enum class End : uint8_t {
    kOpen,
    kEnded,
    kLongEnded
  } end = End::kOpen;  // long: past the grace to serve it in

  bool Refuses() const { return revoking || end != End::kOpen; }
  auto operator<=>(const Made&) const = default;
};

// What there is of one item: with the server, and brought.
struct Situation {
  std::optional<Made> held;
  std::vector<Made> brought;
  std::optional<uint32_t> baseline;  // the number that the baseline names, if it names one
};

enum class Expected : uint8_t { kAccept, kReject, kUnavailable };
// The newest authentic version of each decides; nothing accepts without a version of the server's own.
Expected ByTheNewest(const std::vector<Situation>& items);
// AMD's CRLs do not say which of the two of their issuer they are, so the server's alone can satisfy; any may revoke. One
// of another product (its number is not 0) says nothing.
Expected ByTheCrlHeld(const Situation& crl);

}  // namespace thimble::test
