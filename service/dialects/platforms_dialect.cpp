// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/platforms_dialect.h"

#include <algorithm>

#include "service/dialects/pccs_answers.h"
#include "service/http/cause.h"
#include "service/platforms/registration_json.h"
#include "service/support/log.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/keys_to_verify.h"

namespace thimble {
namespace {

using http::Query;
using http::Request;
using http::Response;
using Why = QueuedRegistration::Why;

constexpr Selector kStandard{}, kEarly{Selector::Kind::kEarly, 0};

// Which sets a registration wants fetched along: nullopt for what `update` may not be.
std::optional<std::vector<Selector>> SelectorsOf(std::string_view update) {
  if (update.empty() || EqualIgnoringCase(update, "standard")) return std::vector{kStandard};
  if (EqualIgnoringCase(update, "early")) return std::vector{kEarly};
  if (EqualIgnoringCase(update, "all")) return std::vector{kStandard, kEarly};
  return std::nullopt;
}

// "[F1,F2]"; "[]" is all, an empty list.
std::optional<std::vector<intel::Fmspc>> ParseFmspcs(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = TrimBlanks(text.substr(1, text.size() - 2));
  std::vector<intel::Fmspc> fmspcs;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const auto fmspc = intel::Fmspc::FromHex(TrimBlanks(text.substr(0, comma)));
    if (!fmspc) return std::nullopt;
    fmspcs.push_back(*fmspc);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return fmspcs;
}

Response List(const std::vector<Registration>& registrations, HexCase proof_case) {
  std::string body;
  json::Writer writer(&body);
  writer.BeginArray();
  for (const Registration& registration : registrations) WriteRegistration(writer, registration, proof_case);
  writer.EndArray();
  Response response = http::NoStore(200, "application/json; charset=utf-8", std::move(body));
  response.headers.insert(response.headers.begin(), {"platform-count", std::to_string(registrations.size())});
  return response;
}

std::vector<Registration> RegistrationsOf(const std::vector<QueuedRegistration>& queued) {
  std::vector<Registration> out;
  for (const QueuedRegistration& one : queued) out.push_back(one.registration);
  return out;
}

}  // namespace

void PlatformsDialect::AddTo(http::Router& router) {
  const http::RouteHandler post = [this](const Request& r, const Query& q) { return Post(r, q); };
  const http::RouteHandler get = [this](const Request&, const Query& q) { return Get(q); };
  router.Add({"POST", "/sgx/certification/v4/platforms", {"update"}, post, Role::kRegister});
  router.Add({"GET", "/sgx/certification/v4/platforms", {"source"}, get, Role::kAdmin});
  router.Add({"POST",
              "/sgx/certification/v3/platforms",
              {"update"},
              pccs::WithVersion3Warning(post),
              Role::kRegister});
  router.Add(
      {"GET", "/sgx/certification/v3/platforms", {"source"}, pccs::WithVersion3Warning(get), Role::kAdmin});
}

// ---- POST ----

Response PlatformsDialect::Post(const Request& request, const Query& query) {
  const auto selectors = SelectorsOf(query.Get("update").value_or(""));
  const auto registration =
      ParseRegistration(EqualIgnoringCase(request.MediaType(), "application/json") ? request.body : "{}");
  if (!selectors) return pccs::InvalidParameters("update: must be early, standard or all");
  if (!registration.ok()) return pccs::InvalidParameters(registration.error().message);

  Status done = service_.Register(*registration);
  if (done && service_.mode() != CachingMode::kOffline) {
    done = FetchAll(KeysFor(registration->platform, *selectors));
  }
  const std::string qe_id = StrCat(registration->platform.qe_id().substr(0, 8), "...");
  if (done) {
    LogInfo("platform registered", {{"id", request.id},
                                    {"qe_id", qe_id},
                                    {"by", registration->manifest ? "manifest" : "encrypted PPID"}});
    return pccs::Successful();
  }
  LogWarning("registration failed",
             {{"id", request.id}, {"qe_id", qe_id}, {"cause", CheckName(done.error().check)}},
             done.error().message);
  return pccs::RefusalOf(done.error());
}

// What a verifier of this platform's quotes will ask for, by these sets and by what the default baseline has in force. A
// list that cannot be fetched is no reason to refuse a registration.
std::vector<CollateralKey> PlatformsDialect::KeysFor(const intel::PlatformId& platform,
                                                     std::vector<Selector> selectors) {
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    const auto chosen = evaluation_.For(tee);
    if (chosen.ok() && std::ranges::find(selectors, chosen->selector) == selectors.end())
      selectors.push_back(chosen->selector);
  }
  const auto set = cache_.Peek(PckCertsKey{platform}, clock_.Now());
  const auto fmspc = set ? std::optional(set->item->pck_set()->fmspc) : std::nullopt;
  std::vector<CollateralKey> keys;
  for (const Selector& selector : selectors) {
    for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx})
      AddKeys(KeysToVerify(tee, fmspc, std::nullopt, selector), keys);
    AddKeys({EnclaveIdentityKey{EnclaveId::kQve, selector}}, keys);
  }
  return keys;
}

// What does not exist is not missing.
Status PlatformsDialect::FetchAll(const std::vector<CollateralKey>& keys) {
  for (const auto& answer : cache_.GetAll(keys, clock_.Now())) {
    if (!answer.ok() && answer.error().check != Check::kUpstreamNotFound) return answer.error();
  }
  return {};
}

// ---- GET ----

Response PlatformsDialect::Get(const Query& query) {
  const std::string_view source = query.Get("source").value_or("");
  if (source.empty() || source == "reg") return FromQueue(Why::kNew);
  if (source == "reg_na") return FromQueue(Why::kNotAvailable);
  if (source == "handed_out") return HandedOut();
  return OfFmspcs(source);
}

// Null: another reader takes long. No lock is held meanwhile, and whichever thread ends with the answer ends the turn.
std::shared_ptr<const void> PlatformsDialect::TurnToRead() {
  constexpr std::chrono::seconds kPatience{5};
  std::unique_lock lock(mutex_);
  if (!has_read_.wait_for(lock, kPatience, [this] { return !reading_; })) return nullptr;
  reading_ = true;
  return {this, [this](const void*) {
            const std::lock_guard over(mutex_);
            reading_ = false;
            has_read_.notify_one();
          }};
}

// One reader at a time, until its answer has arrived or is lost: the next one finds the queue as that left it.
Response PlatformsDialect::FromQueue(Why why) {
  const auto turn = TurnToRead();
  if (!turn) {
    Response busy{.status = 503, .headers = {{"Retry-After", "5"}}, .content = nullptr};
    http::AddCause(busy, "server.busy", "another reader has the queue, and takes long");
    return busy;
  }
  auto waiting = registry_.Waiting(why);
  if (!waiting.ok()) return pccs::RefusalOf(waiting.error());
  Response response = List(RegistrationsOf(*waiting), HexCase::kLower);
  response.delivered = [this, turn, read = std::move(waiting).value()] {
    const Status handed_out = registry_.Edit([&](RegistryEdit& edit) { return edit.HandOut(read); });
    if (!handed_out)
      LogError("registrations were handed out, but are still queued", {}, handed_out.error().message);
  };
  return response;
}

Response PlatformsDialect::HandedOut() {
  const auto handed_out = registry_.HandedOut();
  if (!handed_out.ok()) return pccs::RefusalOf(handed_out.error());
  return List(RegistrationsOf(*handed_out), HexCase::kLower);
}

// A line for each TCB that a platform showed.
Response PlatformsDialect::OfFmspcs(std::string_view list) {
  const auto wanted = ParseFmspcs(list);
  if (!wanted) return pccs::InvalidParameters("source: reg, reg_na, handed_out, or [FMSPC,...]");
  const auto platforms = registry_.Platforms();
  if (!platforms.ok()) return pccs::RefusalOf(platforms.error());
  std::vector<Registration> lines;
  for (const Platform& platform : *platforms) {
    const bool listed =
        platform.fmspc && (wanted->empty() || std::ranges::find(*wanted, *platform.fmspc) != wanted->end());
    if (!listed) continue;
    for (const TcbMapping& tcb : platform.tcbs) {
      lines.push_back({platform.id, tcb.raw, platform.ppid, platform.manifest});
    }
  }
  return List(lines, HexCase::kUpper);
}

}  // namespace thimble
