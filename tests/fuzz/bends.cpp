// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/bends.h"

#include "tcb/policy.h"

namespace thimble::fuzz {
namespace {

Scene SceneOf(sim::QuoteOptions quote) {
  Scene scene;
  scene.collateral = {.tee = quote.tdx ? IntelTee::kTdx : IntelTee::kSgx,
                      .ca = quote.platform.ca,
                      .fmspc = quote.platform.fmspc};
  scene.quote = std::move(quote);
  return scene;
}

const sim::SimIntel& GoodWorld() {
  static const sim::SimIntel world = sim::SimIntel::Make();
  return world;
}

Made MakeIn(const sim::SimIntel& world, const Scene& scene) {
  // The anchor is the good root; a bent one has the same key, if it is to be trusted.
  return {world.Quote(scene.quote), world.Collateral(scene.collateral), GoodWorld().Anchors(), world.now()};
}

}  // namespace

std::vector<Scene> GoodScenes() {
  return {SceneOf({.version = 3}),
          SceneOf({.version = 3, .platform = sim::ClientPlatform()}),
          SceneOf({.version = 4, .body_type = 1}),
          SceneOf({.version = 5, .body_type = 1}),
          SceneOf({.tdx = true, .version = 4, .body_type = 2}),
          SceneOf({.tdx = true, .version = 5, .body_type = 2}),
          SceneOf({.tdx = true, .version = 5, .body_type = 3}),
          SceneOf({.tdx = true, .version = 5, .body_type = 4})};
}

std::vector<SceneBend> AllBends() {
  std::vector<SceneBend> all;
  for (const auto some : {QuoteBends(), PlatformBends(), CollateralBends()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

Made MakeScene(const Scene& scene) {
  return MakeIn(scene.world_bent ? sim::SimIntel::Make(scene.world) : GoodWorld(), scene);
}

bool Accepted(const Made& made) {
  const auto verdict = intel::VerifyQuoteWith(made.quote, made.set, made.anchors, made.now, nullptr);
  return verdict.ok() && verdict->authentic && Appraise(*verdict, Policy{}, made.now).accept;
}

}  // namespace thimble::fuzz
