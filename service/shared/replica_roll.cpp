// SPDX-License-Identifier: Apache-2.0
#include "service/shared/replica_roll.h"

#include <unistd.h>

#include <array>

#include "tcb/base/text.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kEvery{900};

// For whoever reads that it is missing.
std::string NameOfThisProcess() {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return StrCat(host.data(), ", process ", ::getpid());
}

}  // namespace

ReplicaRoll::ReplicaRoll(Database& database, std::string replica)
    : database_(database), replica_(std::move(replica)), name_(NameOfThisProcess()) {}

Status ReplicaRoll::Answer(int64_t baselines, const std::string& trouble) {
  const auto now = Steady::now();
  if (answered_ && now - *answered_ < kEvery && baselines == baselines_ && trouble == trouble_) return {};
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY(connection.Run(
        "INSERT INTO thimble_replicas (id, name, seen, baselines, trouble) "
        "VALUES ($1::text, $2::text, now(), $3::bigint, $4::text) ON CONFLICT (id) DO UPDATE SET "
        "seen = now(), baselines = excluded.baselines, trouble = excluded.trouble",
        {PgValue::Of(std::string_view(replica_)), PgValue::Of(std::string_view(name_)),
         PgValue::Of(baselines), PgValue::Of(std::string_view(trouble))}));
    return {};
  }));
  answered_ = now;
  baselines_ = baselines;
  trouble_ = trouble;
  return {};
}

Status ReplicaRoll::Purge() {
  return database_.Use([](PgConnection& connection) -> Status {
    TRY(connection.Run("DELETE FROM thimble_replicas WHERE seen < now() - interval '1 day'"));
    return {};
  });
}

// A second longer than they sign: for what is being signed at that moment, and for clocks that run at different rates.
Result<std::string> ReplicaRoll::Missing(PgConnection& connection, const std::string& replica,
                                         int64_t baselines) {
  TRY_ASSIGN(
      const PgRows rows,
      connection.Run("SELECT name, trouble FROM thimble_replicas WHERE seen > now() - interval '6 seconds' "
                     "AND baselines < $1::bigint AND id <> $2::text ORDER BY name",
                     {PgValue::Of(baselines), PgValue::Of(std::string_view(replica))}));
  std::string missing;
  for (size_t row = 0; row < rows.size(); ++row) {
    const std::string trouble = rows.Text(row, 1).value_or("");
    missing += StrCat(missing.empty() ? "" : "; ", rows.Text(row, 0).value_or(""),
                      trouble.empty() ? "" : ": ", trouble);
  }
  return missing;
}

}  // namespace thimble
