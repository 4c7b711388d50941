// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL held to the contract of stores.
#include "service/shared/postgres_store.h"
#include "tests/cache/store_contract.h"
#include "tests/service/testing/postgres_cluster.h"

namespace thimble::test {
namespace {

// A store with its own connections, and so another writer for PostgreSQL.
class OpenedPostgres final : public Store {
 public:
  explicit OpenedPostgres(std::string url) : database_({std::move(url), ""}) {}
  Result<std::optional<std::string>> Get(std::string_view name) override { return store_.Get(name); }
  Status Apply(const std::vector<Write>& batch) override { return store_.Apply(batch); }
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override {
    return store_.ApplyIf(expected, batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override {
    return store_.Scan(prefix, visit);
  }

 private:
  Database database_;
  PostgresStore store_{database_};
};

// A database for each directory, that is, for each test.
std::unique_ptr<Store> OpenPostgres(const TempDir& directory) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  if (!cluster.why_not().empty()) return nullptr;
  static std::string last_directory, url;
  if (std::exchange(last_directory, directory.path()) != directory.path()) url = cluster.NewDatabase();
  return std::make_unique<OpenedPostgres>(url);
}

const StoreMaker kPostgres[] = {{"postgres", OpenPostgres, true}};

INSTANTIATE_TEST_SUITE_P(All, StoreContract, testing::ValuesIn(kPostgres),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thimble::test
