// SPDX-License-Identifier: Apache-2.0
//
// Enclave identities and evaluation data numbers as text (DCAP 4, PCCS 10).
#include "tcb/intel/enclave_identity.h"

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tests/tcb/intel/json_edits.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using sim::EvaluationNumbersSpec;
using sim::IdentitySpec;

std::string IdentityText(EnclaveId id, const sim::Bend<IdentitySpec>& bend = {}) {
  IdentitySpec spec = sim::DefaultIdentity(id, sim::kStandardNumber, sim::kNow);
  sim::Apply(bend, spec);
  return sim::EncodeIdentity(spec);
}
std::string NumbersText(const sim::Bend<EvaluationNumbersSpec>& bend = {}) {
  EvaluationNumbersSpec spec = sim::DefaultEvaluationNumbers(IntelTee::kTdx, sim::kNow);
  sim::Apply(bend, spec);
  return sim::EncodeEvaluationNumbers(spec);
}

auto DecodeIdentity(const std::string& text) { return intel::DecodeEnclaveIdentity(AsBytes(text)); }
auto DecodeNumbers(const std::string& text) { return intel::DecodeEvaluationNumbers(AsBytes(text)); }

template <class T>
void ExpectMalformed(const std::string& what, const Result<T>& result) {
  ASSERT_FALSE(result.ok()) << what;
  EXPECT_EQ(result.error().kind, ErrorKind::kMalformed) << what;
  EXPECT_EQ(result.error().check, Check::kCollateralMalformed) << what;
}

TEST(EnclaveIdentity, IsReadInFull) {
  const auto identity = DecodeIdentity(IdentityText(EnclaveId::kTdQe, [](auto& spec) {
    spec.misc_select = "01020304";
    spec.misc_select_mask = "ff00FF80";
  }));
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->id, EnclaveId::kTdQe);
  EXPECT_EQ(identity->evaluation_number, sim::kStandardNumber);
  EXPECT_EQ(identity->misc_select, 0x04030201u);  // the bytes are little endian
  EXPECT_EQ(identity->misc_select_mask, 0x80ff00ffu);
  EXPECT_EQ(HexUpper(identity->attributes), "11000000000000000000000000000000");
  EXPECT_EQ(HexUpper(identity->attributes_mask), "FBFFFFFFFFFFFFFF0000000000000000");
  EXPECT_EQ(identity->mr_signer.HexUpper(),
            "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5");
  EXPECT_EQ(identity->isv_prod_id, 2);
  EXPECT_EQ(FormatRfc3339(identity->issue_date), "2026-05-24T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(identity->next_update), "2026-06-23T00:00:00Z");
  ASSERT_EQ(identity->levels.size(), 3u);
  EXPECT_EQ(identity->levels[0].isv_svn, 4);
  EXPECT_EQ(identity->levels[2].advisories, std::vector<std::string>{"INTEL-SA-00828"});
}

TEST(EnclaveIdentity, EachOfItsThreeNames) {
  for (const EnclaveId id : {EnclaveId::kQe, EnclaveId::kTdQe, EnclaveId::kQve}) {
    const auto identity = DecodeIdentity(IdentityText(id));
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ(identity->id, id);
    EXPECT_NE(IdentityText(id).find("\"" + std::string(intel::EnclaveIdName(id)) + "\""), std::string::npos);
  }
}

TEST(EnclaveIdentity, LevelsAreDescendingWhateverTheText) {
  const auto identity = DecodeIdentity(
      IdentityText(EnclaveId::kQe, [](auto& spec) { std::reverse(spec.levels.begin(), spec.levels.end()); }));
  std::vector<int> svns;
  for (const auto& level : identity->levels) svns.push_back(level.isv_svn);
  EXPECT_EQ(svns, (std::vector<int>{8, 6, 5, 2}));
}

const std::pair<const char*, sim::Bend<IdentitySpec>> kMalformedIdentities[] = {
    {"an unknown id", [](auto& s) { s.id = "PCE"; }},
    {"the id in another case", [](auto& s) { s.id = "qe"; }},
    {"version 1", [](auto& s) { s.version = 1; }},
    {"version 3", [](auto& s) { s.version = 3; }},
    {"MISCSELECT of 6 digits", [](auto& s) { s.misc_select = "000000"; }},
    {"MISCSELECT mask of 10 digits", [](auto& s) { s.misc_select_mask = "FFFFFFFFFF"; }},
    {"attributes of 30 digits", [](auto& s) { s.attributes = std::string(30, '0'); }},
    {"attributes mask of 34 digits", [](auto& s) { s.attributes_mask = std::string(34, 'F'); }},
    {"MRSIGNER of 62 digits", [](auto& s) { s.mr_signer = std::string(62, '0'); }},
    {"MRSIGNER of 66 digits", [](auto& s) { s.mr_signer = std::string(66, '0'); }},
    {"ISVPRODID 65536", [](auto& s) { s.isv_prod_id = 65536; }},
    {"no levels", [](auto& s) { s.levels.clear(); }},
    {"a level twice", [](auto& s) { s.levels.push_back(s.levels.back()); }},
    {"an unknown status", [](auto& s) { s.levels[0].status = "Fine"; }},
    {"a status of platforms only", [](auto& s) { s.levels[0].status = "SWHardeningNeeded"; }},
    {"ISVSVN 65536", [](auto& s) { s.levels[0].isv_svn = 65536; }},
    {"a date that is none", [](auto& s) { s.levels[0].date = "today"; }},
};

TEST(EnclaveIdentity, RulesOfForm) {
  for (const auto& [what, bend] : kMalformedIdentities) {
    ExpectMalformed(what, DecodeIdentity(IdentityText(EnclaveId::kQe, bend)));
    ExpectError({.name = what, .collateral = {.qe_identity = bend}}, ErrorKind::kMalformed,
                Check::kCollateralMalformed);
  }
  for (const char* status : {"ConfigurationNeeded", "OutOfDateConfigurationNeeded"}) {
    EXPECT_TRUE(
        DecodeIdentity(IdentityText(EnclaveId::kQe, [&](auto& s) { s.levels[0].status = status; })).ok());
  }
}

template <class DecodeText>
void ExpectEveryMemberRequired(const std::string& text, DecodeText decode) {
  const Json json = Json::parse(text);
  for (const auto& path : Paths(json)) {
    const bool advisories = path.to_string().find("advisoryIDs") != std::string::npos;
    if (!advisories && json.at(path.parent_pointer()).is_object()) {
      ExpectMalformed("without " + path.to_string(), decode(Without(json, path).dump()));
    }
    for (const Json& other : OtherTypes(json.at(path))) {
      if (advisories && json.at(path).is_string() && other.is_string()) continue;  // any text will do
      ExpectMalformed(path.to_string() + " = " + other.dump(), decode(With(json, path, other).dump()));
    }
  }
}

TEST(EnclaveIdentity, EveryMemberIsRequiredAndHasItsType) {
  for (const EnclaveId id : {EnclaveId::kQe, EnclaveId::kTdQe})
    ExpectEveryMemberRequired(IdentityText(id), DecodeIdentity);
}

TEST(EvaluationNumbers, AreReadInFull) {
  const auto numbers = DecodeNumbers(NumbersText());
  ASSERT_TRUE(numbers.ok()) << numbers.error().message;
  EXPECT_EQ(numbers->tee, IntelTee::kTdx);
  ASSERT_EQ(numbers->numbers.size(), 3u);
  EXPECT_EQ(numbers->numbers[0].number, 18u);
  EXPECT_EQ(FormatRfc3339(numbers->numbers[0].recovery_event_date), "2026-05-12T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(numbers->numbers[0].tcb_date), "2026-05-13T00:00:00Z");
}

TEST(EvaluationNumbers, RulesOfForm) {
  ExpectEveryMemberRequired(NumbersText(), DecodeNumbers);
  const std::pair<const char*, sim::Bend<EvaluationNumbersSpec>> bad[] = {
      {"an unknown id", [](auto& s) { s.id = "SNP"; }},
      {"version 2", [](auto& s) { s.version = 2; }},
      {"no numbers", [](auto& s) { s.numbers.clear(); }},
      {"a number twice", [](auto& s) { s.numbers.push_back(s.numbers[0]); }},
      {"a date that is none", [](auto& s) { s.numbers[0].tcb_date = "2026"; }},
  };
  for (const auto& [what, bend] : bad) ExpectMalformed(what, DecodeNumbers(NumbersText(bend)));
}

}  // namespace
}  // namespace thimble::test
