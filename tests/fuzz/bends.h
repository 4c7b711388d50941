// SPDX-License-Identifier: Apache-2.0
//
// Bends of the simulated Intel world with a known outcome. Each changes one thing before it is signed with the genuine
// keys, as its input chooses, and says whether the default policy must still accept what comes out. Bends touch
// different facts, so any set of them is acceptable exactly when each of them is; of those that could make up for each
// other, on both sides of a comparison, one is taken.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/support/sim_intel.h"

namespace thimble::fuzz {

// Everything that is made from: the forms of evidence differ in `quote`.
struct Scene {
  sim::QuoteOptions quote;
  sim::CollateralOptions collateral;
  sim::IntelOptions world;
  bool world_bent = false;  // its certificates have to be made again
};
// One of each form of quote, good and matched by its collateral.
std::vector<Scene> GoodScenes();

// What both the evidence and the collateral say.
enum class Fact : uint8_t { kNone, kFmspc, kQe, kModule };

struct SceneBend {
  const char* name;
  bool (*applies)(const Scene&);
  bool (*apply)(Scene&, Choices&);  // true: still acceptable
  Fact fact = Fact::kNone;
};
std::span<const SceneBend> QuoteBends();       // header, body, QE report, layout
std::span<const SceneBend> PlatformBends();    // PCK certificate and its chain
std::span<const SceneBend> CollateralBends();  // CRLs, TCB info, QE identity, certificates of the CAs
std::vector<SceneBend> AllBends();

// The evidence and collateral of a scene.
struct Made {
  Bytes quote;
  intel::CollateralSet set;
  TrustAnchors anchors;
  Instant now{};
};
Made MakeScene(const Scene& scene);
// Authentic, and accepted by the default policy.
bool Accepted(const Made& made);

// -- for those who write bends --

// Runs `then` after what `bend` does already.
template <class T, class F>
void Also(sim::Bend<T>& bend, F then) {
  bend = [before = std::move(bend), then = std::move(then)](T& value) {
    sim::Apply(before, value);
    then(value);
  };
}

// Half of the time the value that is right, so that wide ranges have a good case, too.
template <class T>
T OrGood(Choices& in, T value, T good) {
  return in.Bool() ? good : value;
}

inline bool Always(const Scene&) { return true; }
inline bool OfSgx(const Scene& scene) { return !scene.quote.tdx; }
inline bool OfTdx(const Scene& scene) { return scene.quote.tdx; }

}  // namespace thimble::fuzz
