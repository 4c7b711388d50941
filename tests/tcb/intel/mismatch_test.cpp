// SPDX-License-Identifier: Apache-2.0
//
// Authentic collateral that is not this quote's: TCB info, TDX module, QE identity (DCAP 3 checks 4 and 5, 3.2, 4).
#include <gtest/gtest.h>

#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using intel::CollateralSet;
using sim::IdentitySpec;
using sim::QuoteOptions;
using sim::QuoteSpec;
using sim::TcbInfoSpec;

Case WithInfo(std::string name, QuoteOptions quote, sim::Bend<TcbInfoSpec> bend) {
  return {.name = std::move(name), .quote = std::move(quote), .collateral = {.tcb_info = std::move(bend)}};
}
Case WithIdentity(std::string name, QuoteOptions quote, sim::Bend<IdentitySpec> bend) {
  return {.name = std::move(name), .quote = std::move(quote), .collateral = {.qe_identity = std::move(bend)}};
}
const QuoteOptions kSgx = {}, kTdx = {.tdx = true};

TEST(TcbInfoMismatch, FmspcIsThePckCertificates) {
  for (const QuoteOptions& quote : {kSgx, kTdx}) {
    ExpectGood(WithInfo("in lower case", quote, [](TcbInfoSpec& info) { info.fmspc = "00806f050000"; }));
    for (const char* other : {"00806F050001", "01806F050000", "000000000000", sim::kClientFmspc}) {
      ExpectHard(WithInfo(other, quote, [&](TcbInfoSpec& info) { info.fmspc = other; }),
                 Check::kTcbInfoMismatch);
    }
  }
}

TEST(TcbInfoMismatch, PceIdIsThePckCertificates) {
  for (const QuoteOptions& quote : {kSgx, kTdx}) {
    ExpectHard(WithInfo("0001", quote, [](TcbInfoSpec& info) { info.pce_id = "0001"; }),
               Check::kTcbInfoMismatch);
    ExpectHard(WithInfo("0100", quote, [](TcbInfoSpec& info) { info.pce_id = "0100"; }),
               Check::kTcbInfoMismatch);
  }
  QuoteOptions quote;
  quote.platform.pce_id = {0xab, 0x01};
  ExpectGood(WithInfo("as bytes", quote, [](TcbInfoSpec& info) { info.pce_id = "AB01"; }));
  ExpectGood(WithInfo("in lower case", quote, [](TcbInfoSpec& info) { info.pce_id = "ab01"; }));
  ExpectHard(WithInfo("not as a number", quote, [](TcbInfoSpec& info) { info.pce_id = "01AB"; }),
             Check::kTcbInfoMismatch);
}

// The status is that of the quote's own TEE; what is said of the other TEE does not count.
TEST(TcbInfoMismatch, TeeIsTheQuotes) {
  struct Row {
    bool quote_tdx, info_tdx;
  };
  for (const auto& [quote_tdx, info_tdx] :
       {Row{false, false}, Row{false, true}, Row{true, false}, Row{true, true}}) {
    // The platform stands differently in the two: SGX is OutOfDate, TDX UpToDate.
    const Case c = {.name = info_tdx ? "TDX info" : "SGX info",
                    .quote = {.tdx = quote_tdx},
                    .set = [&, info_tdx = info_tdx](CollateralSet& set) {
                      set.tcb_info =
                          World().TcbInfo(info_tdx ? IntelTee::kTdx : IntelTee::kSgx, sim::kServerFmspc,
                                          sim::kStandardNumber, [&](TcbInfoSpec& info) {
                                            if (!info_tdx) info.levels.front().status = "OutOfDate";
                                          });
                    }};
    if (quote_tdx != info_tdx) {
      ExpectHard(c, Check::kTcbInfoMismatch);
      continue;
    }
    const auto verdict = Judge(c);
    ASSERT_TRUE(verdict.ok());
    EXPECT_EQ(verdict->tcb_status, quote_tdx ? TcbStatus::kUpToDate : TcbStatus::kOutOfDate);
  }
}

// -- TDX module --

QuoteOptions Td(intel::TcbComponents tee_tcb_svn, sim::Bend<QuoteSpec> bend = {}) {
  return {.tdx = true, .tee_tcb_svn = tee_tcb_svn, .bend = std::move(bend)};
}
const std::string kSomeSigner(96, '1');

TEST(TdxModuleMismatch, VersionZeroIsJudgedByTdxModule) {
  const QuoteOptions v0 = Td({5, 0, 3}), v1 = Td({6, 1, 3});
  const sim::Bend<TcbInfoSpec> other_module = [](TcbInfoSpec& info) {
    info.tdx_module->mr_signer = kSomeSigner;
  };
  const sim::Bend<TcbInfoSpec> other_identities = [](TcbInfoSpec& info) {
    for (auto& identity : info.tdx_module_identities) identity.mr_signer = kSomeSigner;
  };
  ExpectGood({.quote = v0});
  ExpectGood({.quote = v1});
  ExpectHard(WithInfo("tdxModule", v0, other_module), Check::kTdxModuleMismatch);
  ExpectGood(WithInfo("the identities, version 0", v0, other_identities));
  ExpectGood(WithInfo("tdxModule, version 1", v1, other_module));
  ExpectHard(WithInfo("the identities", v1, other_identities), Check::kTdxModuleMismatch);
}

// The id has two hexadecimal digits: version 10 is TDX_0A (DCAP 3.2).
TEST(TdxModuleMismatch, IdentityIsFoundByItsVersionInHex) {
  const auto named = [](std::string id) -> sim::Bend<TcbInfoSpec> {
    return [id](TcbInfoSpec& info) { info.tdx_module_identities[0].id = id; };
  };
  ExpectGood({.name = "TDX_03", .quote = Td({3, 3, 3})});
  ExpectGood(WithInfo("TDX_0A", Td({3, 10, 3}), named("TDX_0A")));
  ExpectGood(WithInfo("tdx_0a", Td({3, 10, 3}), named("tdx_0a")));
  ExpectGood(WithInfo("TDX_FF", Td({3, 255, 3}), named("TDX_FF")));
  for (const char* other : {"TDX_10", "TDX_A", "TDX_0B", "TDX_00A", "TDX0A", " TDX_0A", "0A"}) {
    ExpectHard(WithInfo(other, Td({3, 10, 3}), named(other)), Check::kTdxModuleMismatch);
  }
}

TEST(TdxModuleMismatch, IdentityIsMissing) {
  ExpectHard({.name = "of this version", .quote = Td({6, 2, 3})}, Check::kTdxModuleMismatch);
  const sim::Bend<TcbInfoSpec> none = [](TcbInfoSpec& info) { info.tdx_module_identities.clear(); };
  ExpectHard(WithInfo("all of them", Td({6, 1, 3}), none), Check::kTdxModuleMismatch);
  ExpectGood(WithInfo("all of them, version 0", Td({5, 0, 3}), none));
}

TEST(TdxModuleMismatch, SignerAndAttributes) {
  for (const intel::TcbComponents& svn : {intel::TcbComponents{5, 0, 3}, intel::TcbComponents{6, 1, 3}}) {
    for (const size_t byte : {0, 47}) {
      ExpectHard(
          {.name = "MRSIGNERSEAM", .quote = Td(svn, [=](QuoteSpec& q) { q.tdx.mr_signer_seam[byte] = 1; })},
          Check::kTdxModuleMismatch);
    }
    for (const size_t byte : {0, 7}) {
      // Every bit must be zero, whatever the mask says.
      const QuoteOptions quote = Td(svn, [=](QuoteSpec& q) { q.tdx.seam_attributes[byte] = 0x80; });
      ExpectHard({.name = "SEAMATTRIBUTES", .quote = quote}, Check::kTdxModuleMismatch);
      ExpectHard(WithInfo("SEAMATTRIBUTES, masked", quote,
                          [](TcbInfoSpec& info) {
                            info.tdx_module->attributes_mask = std::string(16, '0');
                            info.tdx_module_identities[1].attributes_mask = std::string(16, '0');
                          }),
                 Check::kTdxModuleMismatch);
    }
    const auto attributes = [](TcbInfoSpec& info) {
      info.tdx_module->attributes[0] = '8';
      info.tdx_module_identities[1].attributes[0] = '8';
    };
    ExpectHard(WithInfo("attributes of the identity", Td(svn), attributes), Check::kTdxModuleMismatch);
    ExpectGood(WithInfo("a signer that is not zero",
                        Td(svn, [](QuoteSpec& q) { q.tdx.mr_signer_seam.fill(0x11); }),
                        [](TcbInfoSpec& info) {
                          info.tdx_module->mr_signer = info.tdx_module_identities[1].mr_signer = kSomeSigner;
                        }));
  }
}

// -- quoting enclave --

TEST(QeIdentityMismatch, IdIsThatOfTheTee) {
  for (const bool tdx : {false, true}) {
    const auto with = [&](EnclaveId id) {
      return Case{.name = "another enclave's", .quote = {.tdx = tdx}, .set = [=](CollateralSet& set) {
                    set.qe_identity = World().Identity(id);
                  }};
    };
    ExpectGood(with(tdx ? EnclaveId::kTdQe : EnclaveId::kQe));
    ExpectHard(with(tdx ? EnclaveId::kQe : EnclaveId::kTdQe), Check::kQeIdentityMismatch);
    ExpectHard(with(EnclaveId::kQve), Check::kQeIdentityMismatch);
    ExpectHard(
        WithIdentity("the id alone", {.tdx = tdx}, [&](IdentitySpec& s) { s.id = tdx ? "QE" : "TD_QE"; }),
        Check::kQeIdentityMismatch);
  }
}

TEST(QeIdentityMismatch, EachFieldOfTheIdentity) {
  for (const QuoteOptions& quote : {kSgx, kTdx}) {
    const Case bad[] = {
        WithIdentity("MISCSELECT", quote, [](IdentitySpec& s) { s.misc_select = "01000000"; }),
        WithIdentity("MISCSELECT outside its mask", quote,
                     [](IdentitySpec& s) {
                       s.misc_select = "01000000";
                       s.misc_select_mask = "FEFFFFFF";
                     }),
        WithIdentity("ATTRIBUTES", quote, [](IdentitySpec& s) { s.attributes[1] = '3'; }),
        WithIdentity("ATTRIBUTES, XFRM", quote,
                     [](IdentitySpec& s) {
                       s.attributes_mask.replace(16, 2, "FF");
                       s.attributes.replace(16, 2, "03");
                     }),
        WithIdentity("MRSIGNER", quote,
                     [](IdentitySpec& s) { s.mr_signer[0] = s.mr_signer[0] == '1' ? '2' : '1'; }),
        WithIdentity("ISVPRODID", quote, [](IdentitySpec& s) { s.isv_prod_id += 1; }),
        WithIdentity("ISVPRODID 0", quote, [](IdentitySpec& s) { s.isv_prod_id = 0; }),
    };
    for (const Case& c : bad) ExpectHard(c, Check::kQeIdentityMismatch);
    ExpectGood(WithIdentity("MRSIGNER in the other case", quote, [](IdentitySpec& s) {
      for (char& c : s.mr_signer) c = static_cast<char>(std::tolower(c));
    }));
    ExpectGood(WithIdentity("XFRM under a mask", quote, [](IdentitySpec& s) {
      s.attributes_mask.replace(16, 2, "FF");
      s.attributes.replace(16, 2, "E7");
    }));
  }
}

TEST(QeIdentityMismatch, EachFieldOfTheQeReport) {
  const auto with = [](std::string name, sim::Bend<QuoteSpec> bend) {
    return Case{.name = std::move(name), .quote = {.bend = std::move(bend)}};
  };
  ExpectHard(with("MISCSELECT", [](QuoteSpec& q) { q.qe_report.misc_select = 1; }),
             Check::kQeIdentityMismatch);
  ExpectHard(with("DEBUG", [](QuoteSpec& q) { q.qe_report.attributes[0] |= 0x02; }),
             Check::kQeIdentityMismatch);
  ExpectHard(with("no PROVISIONKEY", [](QuoteSpec& q) { q.qe_report.attributes[0] = 0x05; }),
             Check::kQeIdentityMismatch);
  ExpectHard(with("MRSIGNER", [](QuoteSpec& q) { q.qe_report.mr_signer[31] ^= 1; }),
             Check::kQeIdentityMismatch);
  ExpectHard(with("ISVPRODID", [](QuoteSpec& q) { q.qe_report.isv_prod_id = 2; }),
             Check::kQeIdentityMismatch);
  // MODE64BIT (bit 2) and XFRM are outside Intel's mask; MRENCLAVE is not looked at.
  ExpectGood(with("no MODE64BIT", [](QuoteSpec& q) { q.qe_report.attributes[0] = 0x11; }));
  ExpectGood(with("another XFRM", [](QuoteSpec& q) { q.qe_report.attributes[8] = 0x03; }));
  ExpectGood(with("another MRENCLAVE", [](QuoteSpec& q) { q.qe_report.mr_enclave.fill(0); }));
  ExpectGood({.name = "MISCSELECT under a mask",
              .quote = {.bend = [](QuoteSpec& q) { q.qe_report.misc_select = 1; }},
              .collateral = {.qe_identity = [](IdentitySpec& s) { s.misc_select_mask = "FEFFFFFF"; }}});
}

// The reference skips these checks when it is given none (DCAP 4).
TEST(QeIdentityMismatch, IsNotSkippedWithoutAnIdentity) {
  ExpectError({.name = "no identity", .set = [](CollateralSet& set) { set.qe_identity.clear(); }},
              ErrorKind::kUnavailable, Check::kCollateralMissing);
}

}  // namespace
}  // namespace thimble::test
