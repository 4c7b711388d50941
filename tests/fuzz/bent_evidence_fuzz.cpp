// SPDX-License-Identifier: Apache-2.0
//
// Structure-aware: a good quote and its collateral, bent as the input says and signed by the genuine keys. Accepted by
// the default policy exactly when every bend is one that may be; and what is accepted says what was made.
#include <bitset>
#include <cstdio>

#include "tests/fuzz/bends.h"

using namespace thimble;
using namespace thimble::fuzz;

FUZZ_TARGET(input) {
  static const std::vector<Scene> scenes = GoodScenes();
  static const std::vector<SceneBend> bends = AllBends();
  Choices in(input);
  Scene scene = scenes[in.Below(scenes.size())];
  std::bitset<256> used, facts;
  std::string names;
  bool acceptable = true;
  for (size_t count = in.U8() % 6; count > 0; --count) {
    const size_t which = in.U8() % bends.size();
    const SceneBend& bend = bends[which];
    const auto fact = static_cast<size_t>(bend.fact);
    if (used[which] || facts[fact] || !bend.applies(scene)) continue;
    used.set(which);
    facts.set(fact, bend.fact != Fact::kNone);
    names += std::string(names.empty() ? "" : ", ") + bend.name;
    acceptable = bend.apply(scene, in) && acceptable;
  }
  const bool accepted = Accepted(MakeScene(scene));
  if (accepted != acceptable) std::fprintf(stderr, "bent: %s\n", names.c_str());
  Holds(!accepted || acceptable, "nothing is accepted that must not be");
  Holds(accepted || !acceptable, "everything is accepted that may be");
}
