// SPDX-License-Identifier: Apache-2.0
//
// Every real input there is, to every reader of the core: read or refused as malformed, never anything else.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tcb/amd/hcl.h"
#include "tcb/amd/report.h"
#include "tcb/check.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/pem.h"
#include "tcb/verify.h"
#include "tests/tcb/corpus.h"

namespace thimble::test {
namespace {

constexpr Check kCheck = Check::kCollateralMalformed;

// How many inputs each reader took.
struct Taken {
  size_t quotes = 0, certificates = 0, crls = 0, tcb_infos = 0, identities = 0, numbers = 0, reports = 0,
         hcl = 0;
};

// 1 when it was read; a refusal must be a malformed one, with a message.
template <class T>
size_t Read(const Result<T>& result) {
  if (result.ok()) return 1;
  EXPECT_EQ(result.error().kind, ErrorKind::kMalformed) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
  return 0;
}

template <class Decode>
size_t ReadSigned(ByteView bytes, const char* member, Decode decode) {
  const auto json = intel::SplitSignedJson(bytes, member);
  return Read(json) == 1 ? Read(decode(json->signed_bytes)) : 0;
}

void ReadAsEverything(const Bytes& bytes, Taken* taken) {
  Read(DetectEvidence(bytes));
  const auto quote = intel::ParseQuote(bytes);
  taken->quotes += Read(quote);
  if (quote.ok()) {
    (void)intel::ParsePckLookup(*quote);
    Read(DecodePem(AsText(quote->certification_data), "CERTIFICATE", 8, kCheck));
  }
  const auto certificates = DecodeCertificates(bytes, 64, kCheck);
  if (Read(certificates) == 1) {
    for (const Bytes& der : *certificates) taken->certificates += Read(Certificate::Parse(der, kCheck));
  }
  const auto crl = DecodeCrl(bytes, kCheck);
  if (Read(crl) == 1) taken->crls += Read(Crl::Parse(*crl, kCheck));
  taken->tcb_infos += ReadSigned(bytes, "tcbInfo", intel::DecodeTcbInfo);
  taken->identities += ReadSigned(bytes, "enclaveIdentity", intel::DecodeEnclaveIdentity);
  taken->numbers += ReadSigned(bytes, "tcbEvaluationDataNumbers", intel::DecodeEvaluationNumbers);
  taken->reports += Read(amd::ParseReport(bytes));
  Read(amd::SplitExtendedReport(bytes));
  taken->hcl += Read(amd::ParseHclReport(bytes));
}

std::vector<std::filesystem::path> FilesUnder(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(CorpusWalk, EveryFileIsReadOrMalformed) {
  if (!std::filesystem::exists(CorpusDir())) GTEST_SKIP() << "no corpus beside the project";
  Taken taken;
  for (const auto& path : FilesUnder(CorpusDir())) {
    SCOPED_TRACE(path.string());
    ReadAsEverything(ReadFile(path), &taken);
  }
  // The walk has met real inputs of each kind: a reader that refuses everything would show here.
  EXPECT_GT(taken.quotes, 100u);
  EXPECT_GT(taken.certificates, 300u);
  EXPECT_GT(taken.crls, 100u);
  EXPECT_GT(taken.tcb_infos, 100u);
  EXPECT_GT(taken.identities, 100u);
  EXPECT_GT(taken.reports, 20u);
  EXPECT_GT(taken.hcl, 5u);
}

// Every file cut in the middle and with a byte changed, which no vendor signed and no client sends.
TEST(CorpusWalk, DamagedFilesAreReadOrMalformed) {
  if (!std::filesystem::exists(CorpusDir())) GTEST_SKIP() << "no corpus beside the project";
  Taken taken;
  for (const auto& path : FilesUnder(CorpusDir() / "unlabelled" / "raw")) {
    SCOPED_TRACE(path.string());
    const Bytes bytes = ReadFile(path);
    for (const size_t part : {4, 3, 2}) {
      ReadAsEverything(Bytes(bytes.begin(), bytes.end() - static_cast<ptrdiff_t>(bytes.size() / part)),
                       &taken);
      Bytes changed = bytes;
      if (!changed.empty()) changed[changed.size() / part] ^= 0x55;
      ReadAsEverything(changed, &taken);
    }
  }
}

// The pairs of quote and collateral: a verdict, or an error that is no internal one.
TEST(CorpusWalk, EveryPairEndsInAVerdictOrANamedError) {
  const auto pairs = CorpusDir() / "unlabelled" / "pairs";
  if (!std::filesystem::exists(pairs)) GTEST_SKIP() << "no corpus beside the project";
  const Instant at = *ParseRfc3339("2025-07-01T00:00:00Z");
  intel::Memo memo;
  size_t verdicts = 0, authentic = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pairs)) {
    SCOPED_TRACE(entry.path().string());
    const Bytes quote = ReadFile(entry.path() / "quote.bin");
    const auto result =
        intel::VerifyQuoteWith(quote, ReadCollateralDir(entry.path()), TrustAnchors::Pinned(), at, &memo);
    if (!result.ok()) {
      EXPECT_NE(result.error().kind, ErrorKind::kInternal) << result.error().message;
      EXPECT_NE(result.error().check, Check::kNone) << result.error().message;
      continue;
    }
    ++verdicts;
    authentic += result->authentic ? 1 : 0;
    EXPECT_EQ(result->authentic,
              result->hard() == nullptr || result->hard()->check == Check::kTcbNotSupported);
  }
  EXPECT_GT(verdicts, 20u);
  EXPECT_GT(authentic, 20u);
}

}  // namespace
}  // namespace thimble::test
