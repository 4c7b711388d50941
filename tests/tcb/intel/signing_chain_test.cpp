// SPDX-License-Identifier: Apache-2.0
//
// Who signs Intel's JSON (DCAP 2, 3, 4): the TCB signing chain, its revocation, and the signatures over the raw bytes.
#include <gtest/gtest.h>

#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using intel::CollateralSet;
using sim::CertificateSpec;
using sim::IntelCertificate;
using sim::IntelName;

using ChainMember = std::string CollateralSet::*;
const ChainMember kChains[] = {&CollateralSet::tcb_info_issuer_chain,
                               &CollateralSet::qe_identity_issuer_chain};

Case With(std::string name, ChainMember chain, std::string pem) {
  return {.name = std::move(name), .set = [=](CollateralSet& set) { set.*chain = pem; }};
}

const std::pair<const char*, sim::Bend<CertificateSpec>> kSigner[] = {
    {"another CN", [](auto& spec) { spec.subject = IntelName("Intel SGX TCB Signing 2"); }},
    {"CN of a PCK certificate", [](auto& spec) { spec.subject = IntelName("Intel SGX PCK Certificate"); }},
    {"no authority key identifier", [](auto& spec) { spec.authority_key_id.clear(); }},
    {"no subject key identifier", [](auto& spec) { spec.subject_key_id.clear(); }},
    {"no CRL distribution points", [](auto& spec) { spec.crl_url.clear(); }},
    {"no key usage", [](auto& spec) { spec.key_usage.reset(); }},
    {"no basic constraints", [](auto& spec) { spec.is_ca.reset(); }},
    {"marked as a CA", [](auto& spec) { spec.is_ca = true; }},
    {"may sign certificates", [](auto& spec) { spec.key_usage = uint16_t{1 | kKeyCertSign}; }},
    {"for key agreement alone", [](auto& spec) { spec.key_usage = uint16_t{1u << 4}; }},
    {"issued by another name", [](auto& spec) { spec.issuer = IntelName("Intel SGX PCK Platform CA"); }},
    {"signed by another key", [](auto& spec) { spec.signer = sim::SimKey("forger"); }},
    {"signed by an intermediate", [](auto& spec) { spec.signer = World().CaKey(intel::PckCa::kPlatform); }},
    {"a P-384 key", [](auto& spec) { spec.key = sim::SimKey("signer", Curve::kP384); }},
};

TEST(SigningChain, TheSignersRules) {
  for (const auto& [what, bend] : kSigner) {
    const sim::SimIntel world = WorldWith(IntelCertificate::kTcbSigning, bend);
    for (const ChainMember chain : kChains) {
      ExpectHard(With(what, chain, world.TcbSigningChain()), Check::kSigningChainUntrusted);
    }
  }
}

TEST(SigningChain, TheRootHasSignedItself) {
  const sim::SimIntel forged =
      WorldWith(IntelCertificate::kRoot, [](auto& spec) { spec.signer = sim::SimKey("forger"); });
  for (const ChainMember chain : kChains) {
    ExpectHard(With("forged", chain, forged.TcbSigningChain()), Check::kSigningChainUntrusted);
  }
}

TEST(SigningChain, TheSignerMaySignAlone) {
  const sim::SimIntel world = WorldWith(IntelCertificate::kTcbSigning,
                                        [](auto& spec) { spec.key_usage = uint16_t{kDigitalSignature}; });
  for (const ChainMember chain : kChains)
    ExpectGood(With("digitalSignature", chain, world.TcbSigningChain()));
}

TEST(SigningChain, IsTwoCertificatesInAnyOrder) {
  const std::string signer = sim::ToPem(World().Certificate(IntelCertificate::kTcbSigning), "CERTIFICATE");
  const std::string root = World().RootPem();
  const std::string ca = sim::ToPem(World().CaCertificate(intel::PckCa::kPlatform), "CERTIFICATE");
  const std::string leaf = sim::ToPem(World().PckCertificate(), "CERTIFICATE");
  for (const ChainMember chain : kChains) {
    ExpectGood(With("signer first", chain, signer + root));
    ExpectGood(With("root first", chain, root + signer));
    for (const std::string& bad :
         {signer, root, signer + signer + root, signer + root + root, signer + ca + root, ca + root,
          leaf + root, leaf + ca + root, signer + ca}) {
      ExpectHard(With("not two of their roles", chain, bad), Check::kSigningChainUntrusted);
    }
    ExpectError(With("text", chain, "text"), ErrorKind::kMalformed, Check::kCollateralMalformed);
    ExpectError(With("text after", chain, signer + root + "text"), ErrorKind::kMalformed,
                Check::kCollateralMalformed);
  }
}

TEST(SigningChain, EndsInATrustAnchor) {
  const sim::SimIntel forger = sim::SimIntel::Make({.seed = "forger"});
  for (const ChainMember chain : kChains) {
    ExpectHard(With("of a forger", chain, forger.TcbSigningChain()), Check::kSigningChainUntrusted);
  }
  ExpectHard({.name = "everything of a forger", .set_world = &forger}, Check::kSigningChainUntrusted);
}

// Items that come one by one, from a cache, may rest on different anchors.
TEST(SigningChain, EndsInTheQuotesOwnAnchor) {
  const sim::SimIntel other = sim::SimIntel::Make({.seed = "other"});
  TrustAnchors both = World().Anchors();
  ASSERT_TRUE(both.AddExtra(AsBytes(other.RootPem())).ok());
  const auto own = intel::PrepareCollateral(SetOf({}), both);
  const auto foreign = intel::PrepareCollateral(SetOf({.set_world = &other}), both);
  ASSERT_TRUE(own.ok() && foreign.ok());
  for (ItemPtr intel::VerifiedCollateral::*item :
       {&intel::VerifiedCollateral::tcb_info, &intel::VerifiedCollateral::qe_identity}) {
    intel::VerifiedCollateral mixed = *own;
    const auto verify = [&] {
      return intel::VerifyQuote(QuoteOf({}), mixed, both, sim::kNow, nullptr).value();
    };
    EXPECT_EQ(verify().hard(), nullptr);
    mixed.*item = (*foreign).*item;
    const Verdict verdict = verify();
    ASSERT_NE(verdict.hard(), nullptr);
    EXPECT_EQ(CheckName(verdict.hard()->check), "signing_chain.untrusted");
    EXPECT_FALSE(verdict.authentic);
  }
}

TEST(SigningChain, TwoIssuesOfTheSigner) {
  const sim::SimIntel reissued = WorldWith(IntelCertificate::kTcbSigning, [](CertificateSpec& spec) {
    spec.serial = {1, 2, 3};
  });
  for (const ChainMember chain : kChains)
    ExpectGood(With("another issue", chain, reissued.TcbSigningChain()));
}

TEST(SigningChain, RevokedInTheRootCrl) {
  const Bytes serial = {1, 2, 3};
  const sim::SimIntel reissued =
      WorldWith(IntelCertificate::kTcbSigning, [&](CertificateSpec& spec) { spec.serial = serial; });
  for (const ChainMember chain : kChains) {
    Case c = With("this issue of the signer", chain, reissued.TcbSigningChain());
    c.collateral.root_ca_crl = [&](sim::CrlSpec& crl) { crl.revoked = {serial}; };
    ExpectHard(c, Check::kSigningChainRevoked);
    c.collateral.root_ca_crl = [&](sim::CrlSpec& crl) { crl.revoked = {Bytes{1, 2, 4}}; };
    ExpectGood(c);
    c.collateral.root_ca_crl = {};
    c.collateral.pck_crl = [&](sim::CrlSpec& crl) { crl.revoked = {serial}; };
    ExpectGood(c);  // the PCK CA did not issue it
  }
}

// -- signatures --

struct Document {
  const char* member;
  Bytes CollateralSet::*body;
  Check check;
};
const Document kDocuments[] = {
    {"tcbInfo", &CollateralSet::tcb_info, Check::kTcbInfoSignature},
    {"enclaveIdentity", &CollateralSet::qe_identity, Check::kQeIdentitySignature},
};

// Edits the signed JSON as text, after it was signed.
Case Edited(std::string name, const Document& document, std::function<void(std::string&)> edit) {
  return {.name = std::move(name), .set = [=](CollateralSet& set) {
            std::string text(AsText(set.*document.body));
            edit(text);
            (set.*document.body).assign(text.begin(), text.end());
          }};
}
void Replace(std::string& text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST(JsonSignature, CoversTheRawBytesOfTheMember) {
  for (const Document& d : kDocuments) {
    const std::string start = std::string("\"") + d.member + "\":{";
    ExpectHard(Edited("a digit of the signature", d,
                      [](std::string& t) {
                        char& digit = t[t.size() - 10];
                        digit = digit == '0' ? '1' : '0';
                      }),
               d.check);
    ExpectHard(Edited("a value", d, [](std::string& t) { Replace(t, "2026-06-2", "2027-06-2"); }), d.check);
    ExpectHard(Edited("white space inside", d, [&](std::string& t) { Replace(t, start, start + " "); }),
               d.check);
    ExpectHard(Edited("pretty printed", d,
                      [](std::string& t) {
                        std::string pretty;
                        for (const char c : t) pretty += c == ',' ? std::string(",\n  ") : std::string(1, c);
                        t = pretty;
                      }),
               d.check);
    ExpectHard(Edited("an escape spelled otherwise", d,
                      [](std::string& t) { Replace(t, "UpToDate", "Up\\u0054oDate"); }),
               d.check);
    ExpectHard(Edited("an added member", d, [&](std::string& t) { Replace(t, start, start + "\"x\":1,"); }),
               d.check);
    ExpectHard(
        Edited("a signature of zeros", d,
               [](std::string& t) { t = t.substr(0, t.size() - 130) + std::string(128, '0') + "\"}"; }),
        d.check);
  }
}

TEST(JsonSignature, LeavesTheTextAroundTheMemberFree) {
  for (const Document& d : kDocuments) {
    ExpectGood(Edited("white space outside", d, [](std::string& t) {
      Replace(t, ",\"signature\":", " ,\n\t\"signature\" : ");
      t = "\r\n " + t + "\n";
    }));
    ExpectGood(Edited("signature first", d, [](std::string& t) {
      const size_t at = t.find(",\"signature\"");
      t = "{" + t.substr(at + 1, t.size() - at - 2) + "," + t.substr(1, at - 1) + "}";
    }));
    ExpectGood(Edited("signature in upper case", d, [](std::string& t) {
      for (size_t i = t.size() - 130; i < t.size() - 2; ++i) t[i] = static_cast<char>(std::toupper(t[i]));
    }));
  }
}

TEST(JsonSignature, IsTheSignersOfItsChain) {
  const auto by = [](const char* name, const sim::SimKey& key) {
    return std::pair(
        Case{.name = name, .collateral = {.tcb_info = [=](auto& info) { info.signer = key; }}},
        Case{.name = name, .collateral = {.qe_identity = [=](auto& identity) { identity.signer = key; }}});
  };
  for (const auto& [name, key] : {std::pair("a forger's", sim::SimKey("forger")),
                                  std::pair("the root's", World().Key(IntelCertificate::kRoot)),
                                  std::pair("a PCK certificate's", World().PckKey({}))}) {
    const auto [info, identity] = by(name, key);
    ExpectHard(info, Check::kTcbInfoSignature);
    ExpectHard(identity, Check::kQeIdentitySignature);
  }
}

TEST(JsonSignature, TheTwoMembersAndNothingElse) {
  for (const Document& d : kDocuments) {
    const std::string start = std::string("{\"") + d.member + "\":{";
    const std::pair<const char*, std::function<void(std::string&)>> bad[] = {
        {"nothing before it", [](std::string& t) { t.erase(0, 1); }},
        {"cut short", [](std::string& t) { t.pop_back(); }},
        {"text after it", [](std::string& t) { t += "x"; }},
        {"a NUL after it", [](std::string& t) { t += '\0'; }},
        {"another name", [&](std::string& t) { Replace(t, d.member, "other"); }},
        {"an escape in its name",
         [&](std::string& t) { Replace(t, "\"signature\"", "\"s\\u0069gnature\""); }},
        {"a third member", [&](std::string& t) { Replace(t, start, "{\"x\":1," + start.substr(1)); }},
        {"a third member in the middle",
         [](std::string& t) { Replace(t, ",\"signature\"", ",\"x\":{},\"signature\""); }},
        {"a third member at the end", [](std::string& t) { t.insert(t.size() - 1, ",\"x\":1"); }},
        {"the member twice", [&](std::string& t) { Replace(t, start, start + "}," + start.substr(1)); }},
        {"the signature twice", [](std::string& t) { t.insert(t.size() - 1, ",\"signature\":\"00\""); }},
        {"no signature", [](std::string& t) { t = t.substr(0, t.find(",\"signature\"")) + "}"; }},
        {"the signature alone", [](std::string& t) { t = "{" + t.substr(t.find("\"signature\"")); }},
        {"127 digits", [](std::string& t) { t.erase(t.size() - 3, 1); }},
        {"126 digits", [](std::string& t) { t.erase(t.size() - 4, 2); }},
        {"130 digits", [](std::string& t) { t.insert(t.size() - 2, "00"); }},
        {"not hex", [](std::string& t) { t[t.size() - 3] = 'g'; }},
        {"the signature a number", [](std::string& t) { t = t.substr(0, t.size() - 131) + "1}"; }},
        {"the member a string",
         [&](std::string& t) {
           t = std::string("{\"") + d.member + "\":\"x\"" + t.substr(t.find(",\"signature\""));
         }},
        {"an array", [](std::string& t) { t = "[" + t + "]"; }},
        {"HTML", [](std::string& t) { t = "<html>"; }},
        {"a byte order mark", [](std::string& t) { t = "\xef\xbb\xbf" + t; }},
    };
    for (const auto& [name, edit] : bad) {
      ExpectError(Edited(std::string(d.member) + ", " + name, d, edit), ErrorKind::kMalformed,
                  Check::kCollateralMalformed);
    }
  }
}

}  // namespace
}  // namespace thimble::test
