// SPDX-License-Identifier: Apache-2.0
//
// A policy's digest: each value that a policy has is in it, whatever is added to the table of members later.
#include "tcb/policy/digest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/policy/members.h"

namespace thimble {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

template <class T>
concept Table = requires(T& value) {
  policy::ForEachMember(value, [](auto, auto&) {});
};

// Another value of the same type, for each type that a policy has.
struct Bender {
  static void Bend(bool& value) { value = !value; }
  template <std::unsigned_integral N>
  static void Bend(N& value) {
    ++value;
  }
  static void Bend(Seconds& value) { value += 1s; }
  static void Bend(Instant& value) { value += 1s; }
  static void Bend(std::string& value) { value += "x"; }
  template <class Tag, size_t N>
  static void Bend(FixedBytes<Tag, N>& value) {
    auto bytes = value.bytes();
    bytes.back() ^= 1;
    value = FixedBytes<Tag, N>(bytes);
  }
  template <size_t N>
  static void Bend(BitPattern<N>& value) {
    value.value.back() ^= 1;
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  static void Bend(Enum& value) { value = static_cast<Enum>(static_cast<int>(value) == 0 ? 1 : 0); }
  template <class T>
  static void Bend(std::optional<T>& value) {
    value ? value.reset() : static_cast<void>(value.emplace());
  }
  template <class T>
  static void Bend(std::vector<T>& list) {
    Bend(list.emplace_back());
  }
  template <class T>
  static void Bend(std::set<T>& set) {
    set.emplace();
  }
  static void Bend(std::vector<amd::Cpus>& list) { list.emplace_back(amd::Product::kGenoa); }
  static void Bend(TcbMinimums& map) { map[amd::Product::kGenoa].snp = 1; }
  static void Bend(decltype(HclRules::pcr)& map) { map[11][7] = {Bytes(32, 1)}; }

  static void Bend(decltype(TpmRules::required_pcrs)& map) { map[11] = {7}; }

  template <Table T>
  static void Bend(T& value) {
    bool done = false;
    policy::ForEachMember(value, [&](std::string_view, auto& member) {
      if (!done) Bend(member);
      done = true;
    });
  }
  static void Bend(decltype(Policy::overrides)& overrides) {
    auto special = std::make_shared<Policy>();
    special->allow_debug = true;
    overrides[EvidenceClass::kSnp] = special;
  }
};

// Each member of `object`, and of the tables in it, bent by itself: see(path) while it is.
template <Table T, class See>
void BendEach(T& object, const std::string& path, const See& see) {
  policy::ForEachMember(object, [&]<class Member>(std::string_view name, Member& member) {
    const std::string here = StrCat(path, "/", name);
    if constexpr (Table<Member>) {
      BendEach(member, here, see);
    } else {
      const Member before = member;
      Bender::Bend(member);
      see(here);
      member = before;
    }
  });
}

TEST(PolicyDigest, ChangesWithEachMemberAndWithNoLabel) {
  Policy policy;
  const std::string plain = CanonicalPolicy(policy);
  std::set<Digest256> seen = {PolicyDigest(policy)};
  size_t labels = 0;
  BendEach(policy, "", [&](const std::string& path) {
    if (path == "/id" || path == "/sha256") {
      EXPECT_EQ(CanonicalPolicy(policy), plain) << path;
      ++labels;
      return;
    }
    EXPECT_TRUE(seen.insert(PolicyDigest(policy)).second) << path << " has a digest that was there already";
    const json diff = json::diff(json::parse(plain), json::parse(CanonicalPolicy(policy)));
    for (const json& change : diff)
      EXPECT_TRUE(change["path"].get<std::string>().starts_with(path)) << path << ": " << diff.dump();
  });
  EXPECT_EQ(labels, 2u);
  EXPECT_EQ(CanonicalPolicy(policy), plain) << "each was put back";
  EXPECT_GT(seen.size(), 60u);
}

// The parts of what stands in lists count, too.
template <Table T>
void EachPartCounts(void (*add)(Policy&, const T&)) {
  T part;
  std::set<Digest256> seen;
  const auto note = [&](const std::string& path) {
    Policy policy;
    add(policy, part);
    EXPECT_TRUE(seen.insert(PolicyDigest(policy)).second) << path;
  };
  note("as it is");
  BendEach(part, "", note);
}

// A line is not its product, and a line by its other name is the same line.
TEST(PolicyDigest, TellsCpusApart) {
  const auto digest = [](std::string_view products, std::string_view minimum) {
    Policy policy;
    policy.snp.products = {amd::Cpus::FromName(products).value()};
    policy.snp.min_reported_tcb[amd::Cpus::FromName(minimum).value()].snp = uint8_t{1};
    return PolicyDigest(policy);
  };
  EXPECT_EQ(digest("Siena", "Bergamo"), digest("Bergamo", "Siena"));
  EXPECT_NE(digest("Siena", "Siena"), digest("Genoa", "Siena"));
  EXPECT_NE(digest("Genoa", "Siena"), digest("Genoa", "Genoa"));
}

// PCRs by bank and number.
TEST(PolicyDigest, TellsPcrsApart) {
  const auto digest = [](uint16_t bank, uint8_t number) {
    Policy policy;
    policy.hcl.pcr[bank][number] = {Bytes(32, 1)};
    return PolicyDigest(policy);
  };
  EXPECT_NE(digest(0x000b, 7), digest(0x000b, 8));
  EXPECT_NE(digest(0x000b, 7), digest(0x000c, 7));
}

TEST(PolicyDigest, ChangesWithEachPartOfAnEntry) {
  EachPartCounts<AdvisoryEntry>([](Policy& p, const AdvisoryEntry& e) { p.rejected_advisories = {e}; });
  EachPartCounts<TcbMinimum>(
      [](Policy& p, const TcbMinimum& e) { p.snp.min_launch_tcb[amd::Product::kMilan] = e; });
  EachPartCounts<AcceptedUvm>([](Policy& p, const AcceptedUvm& e) { p.uvm.accepted = {e}; });
  EachPartCounts<uvm::LedgerKey>([](Policy& p, const uvm::LedgerKey& e) { p.uvm.ledger_keys = {e}; });
  EachPartCounts<AbiVersion>([](Policy& p, const AbiVersion& e) { p.snp.min_abi = e; });
  EachPartCounts<amd::FirmwareVersion>(
      [](Policy& p, const amd::FirmwareVersion& e) { p.snp.min_current_version = e; });
  std::set<Digest256> pcrs;
  for (const auto& [bank, number, value] : std::initializer_list<std::tuple<uint16_t, uint8_t, uint8_t>>{
           {tpm::kSha256, 7, 0}, {tpm::kSha384, 7, 0}, {tpm::kSha256, 8, 0}, {tpm::kSha256, 7, 1}}) {
    Policy policy;
    policy.hcl.pcr[bank][number] = {Bytes(32, value)};
    EXPECT_TRUE(pcrs.insert(PolicyDigest(policy)).second) << "a PCR's bank, number and value";
  }
  Policy value, mask;
  value.tdx.xfam = BitPattern<8>{};
  mask.tdx.xfam = BitPattern<8>{};
  mask.tdx.xfam->mask[3] = 0;
  EXPECT_NE(PolicyDigest(value), PolicyDigest(mask));
}

TEST(PolicyDigest, KnowsEachNameOfAnEnumeration) {
  std::set<Digest256> seen;
  for (size_t status = 0; status < kTcbStatusCount; ++status) {
    Policy policy;
    policy.accepted_qe_statuses = {static_cast<TcbStatus>(status)};
    EXPECT_TRUE(seen.insert(PolicyDigest(policy)).second) << status;
  }
  for (const AmdCrlMode mode : {AmdCrlMode::kIfAvailable, AmdCrlMode::kOff}) {
    Policy policy;
    policy.amd_crl = mode;
    EXPECT_TRUE(seen.insert(PolicyDigest(policy)).second);
  }
}

// The order of a list says nothing, and neither does what is in it twice.
TEST(PolicyDigest, TakesAListForASet) {
  Policy one, other;
  one.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
  other.accepted_statuses = {TcbStatus::kOutOfDate, TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
  one.sgx.isvprodid = {2, 10};
  other.sgx.isvprodid = {10, 2};
  EXPECT_EQ(PolicyDigest(one), PolicyDigest(other));
}

// What is asked by an empty list is something else than what is not asked.
TEST(PolicyDigest, TellsAbsentFromEmpty) {
  Policy one, other;
  other.accepted_advisories.emplace();
  EXPECT_NE(PolicyDigest(one), PolicyDigest(other));
}

TEST(PolicyDigest, HasOverridesOnlyWhereTheyChangeSomething) {
  Policy policy, same;
  same.overrides[EvidenceClass::kSgx] = std::make_shared<const Policy>(policy);
  EXPECT_EQ(PolicyDigest(policy), PolicyDigest(same));
  auto special = std::make_shared<Policy>();
  special->allow_debug = true;
  Policy of_sgx, of_snp;
  of_sgx.overrides[EvidenceClass::kSgx] = special;
  of_snp.overrides[EvidenceClass::kSnp] = special;
  EXPECT_NE(PolicyDigest(of_sgx), PolicyDigest(policy));
  EXPECT_NE(PolicyDigest(of_sgx), PolicyDigest(of_snp));
}

// The text of the default policy, as docs/POLICIES.md describes it. When this changes, so do the digests that relying
// parties have written down: a rule that is added changes them once, the same values with another meaning need another
// kPolicyFormat.
TEST(PolicyDigest, IsOfACanonicalText) {
  const std::string text = CanonicalPolicy(Policy());
  EXPECT_TRUE(text.starts_with(
      R"({"format":1,"evidence":[],"accepted_statuses":["UpToDate"],"accepted_advisories":null,)"
      R"("rejected_advisories":[],"min_tcb_evaluation":0,"platform_grace":null,)"))
      << text;
  EXPECT_TRUE(text.ends_with(
      R"("tpm":{"required_pcrs":{},"pcr":{},"allow_uncertified_ak":false},)"
      R"("vbs":{"owner_id":[],"author_id":[],"unique_id":[],"family_id":[],"image_id":[],"min_enclave_svn":null,)"
      R"("min_secure_kernel_svn":null,"min_platform_svn":null},)"
      R"("restricted":{"ppid_sha256":[],"pck_serial":[],"chip_id":[],"measurement":[]},"overrides":{}})"))
      << text;
  EXPECT_EQ(json::parse(text)["snp"]["policy_required"], 0);
  EXPECT_EQ(PolicyDigest(Policy()), Sha256(AsBytes(text)));
}

}  // namespace
}  // namespace thimble
