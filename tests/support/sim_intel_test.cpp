// SPDX-License-Identifier: Apache-2.0
//
// The simulated Intel judged by OpenSSL alone, so that what the core is tested against is right by another's
// word.
#include "tests/support/sim_intel.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace thimble::sim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_CRL* p) const { X509_CRL_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(STACK_OF(X509) * p) const { sk_X509_free(p); }
};
template <class T>
using Own = std::unique_ptr<T, Free>;

Own<X509> Certificate(ByteView der) {
  const uint8_t* at = der.data();
  Own<X509> out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(out != nullptr && at == der.data() + der.size()) << "not one X.509 certificate";
  return out;
}

Own<X509_CRL> Crl(ByteView der) {
  const uint8_t* at = der.data();
  Own<X509_CRL> out(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(out != nullptr && at == der.data() + der.size()) << "not one X.509 CRL";
  return out;
}

std::vector<Own<X509>> Pem(const std::string& text) {
  const Own<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<Own<X509>> out;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(next);
  return out;
}

Own<EVP_PKEY> PublicKey(ByteView spki) {
  const uint8_t* at = spki.data();
  return Own<EVP_PKEY>(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
}

Bytes DerSignature(ByteView raw) {
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(raw.data(), 32, nullptr), BN_bin2bn(raw.data() + 32, 32, nullptr));
  uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return out;
}

bool Verifies(EVP_PKEY* key, const EVP_MD* digest, ByteView message, ByteView der_signature) {
  const Own<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), der_signature.data(), der_signature.size(), message.data(),
                          message.size()) == 1;
}

bool VerifiesRaw(EVP_PKEY* key, ByteView message, ByteView raw) {
  return Verifies(key, EVP_sha256(), message, DerSignature(raw));
}

// X509_verify_cert at `at` with CRL checks of the whole chain: X509_V_OK or the error.
int VerifyChain(const std::string& pem, X509* root, const std::vector<X509_CRL*>& crls, Instant at) {
  const std::vector<Own<X509>> chain = Pem(pem);
  const Own<X509_STORE> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), root);
  for (X509_CRL* crl : crls) X509_STORE_add_crl(store.get(), crl);
  const Own<STACK_OF(X509)> others(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].get());
  const Own<X509_STORE_CTX> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain.at(0).get(), others.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
  X509_VERIFY_PARAM_set_flags(parameters,
                              X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_X509_STRICT);
  return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

// The bytes of the first member's value, found without our own splitter.
std::string SignedText(ByteView body, const std::string& member) {
  const std::string text(body.begin(), body.end());
  const size_t start = std::string("{\"" + member + "\":").size();
  return text.substr(start, text.rfind(",\"signature\"") - start);
}

class SimIntelTest : public ::testing::Test {
 protected:
  // The chain at a time, with the CRLs as they were issued at another.
  int Verify(const std::string& pem, Instant at, Instant crls_at = kNow) const {
    const SimIntel then = world.At(crls_at);
    const Own<X509> root = Certificate(world.Certificate(IntelCertificate::kRoot));
    const Own<X509_CRL> root_crl = Crl(then.RootCaCrl());
    const Own<X509_CRL> platform = Crl(then.PckCrl(intel::PckCa::kPlatform));
    const Own<X509_CRL> processor = Crl(then.PckCrl(intel::PckCa::kProcessor));
    return VerifyChain(pem, root.get(), {root_crl.get(), platform.get(), processor.get()}, at);
  }

  const SimIntel world = SimIntel::Make();
};

TEST(SimKeyTest, SignaturesHoldForOpenSsl) {
  const Bytes message = {1, 2, 3};
  const Bytes other = {1, 2, 4};
  for (const Curve curve : {Curve::kP256, Curve::kP384}) {
    const SimKey key("a seed", curve);
    const Own<EVP_PKEY> pkey = PublicKey(key.SubjectPublicKeyInfo());
    ASSERT_NE(pkey, nullptr);
    const EVP_MD* digest = curve == Curve::kP256 ? EVP_sha256() : EVP_sha384();
    EXPECT_TRUE(Verifies(pkey.get(), digest, message, key.SignDer(message)));
    EXPECT_FALSE(Verifies(pkey.get(), digest, other, key.SignDer(message)));
  }
}

TEST(SimKeyTest, SameSeedSameKeyAndSignature) {
  const Bytes message = {1, 2, 3};
  EXPECT_EQ(SimKey("a").SignRaw(message), SimKey("a").SignRaw(message));
  EXPECT_NE(SimKey("a").point(), SimKey("b").point());
}

TEST_F(SimIntelTest, ChainsVerifyWithTheirCrls) {
  EXPECT_EQ(Verify(world.PckChain(ServerPlatform()), world.now()), X509_V_OK);
  EXPECT_EQ(Verify(world.PckChain(ClientPlatform()), world.now()), X509_V_OK);
  EXPECT_EQ(Verify(world.TcbSigningChain(), world.now()), X509_V_OK);
}

TEST_F(SimIntelTest, WindowsAreThoseDrawn) {
  const Instant in_six_years = kNow + 24h * 365 * 6;
  EXPECT_EQ(Verify(world.TcbSigningChain(), in_six_years - 1h, in_six_years), X509_V_OK);
  EXPECT_EQ(Verify(world.TcbSigningChain(), in_six_years + 1h, in_six_years), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(Verify(world.PckChain(), world.now() + 24h * 21), X509_V_ERR_CRL_HAS_EXPIRED);
  EXPECT_EQ(Verify(world.PckChain(), world.now() - 24h * 11), X509_V_ERR_CRL_NOT_YET_VALID);
}

TEST_F(SimIntelTest, AnotherSeedIsAnotherRootOfTheSameName) {
  const SimIntel forger = SimIntel::Make({.seed = "forger"});
  const Own<X509> mine = Certificate(world.Certificate(IntelCertificate::kRoot));
  const Own<X509> theirs = Certificate(forger.Certificate(IntelCertificate::kRoot));
  EXPECT_EQ(X509_NAME_cmp(X509_get_subject_name(mine.get()), X509_get_subject_name(theirs.get())), 0);
  EXPECT_NE(Verify(forger.PckChain(), world.now()), X509_V_OK);
}

TEST_F(SimIntelTest, RevokedPlatformIsRevoked) {
  const PckSpec platform = ServerPlatform();
  const Own<X509> root = Certificate(world.Certificate(IntelCertificate::kRoot));
  const Own<X509_CRL> root_crl = Crl(world.RootCaCrl());
  const Own<X509_CRL> pck_crl = Crl(world.PckCrl(intel::PckCa::kPlatform, [&](CrlSpec& crl) {
    crl.revoked.push_back(world.PckKey(platform).KeyIdentifier());
  }));
  EXPECT_EQ(VerifyChain(world.PckChain(platform), root.get(), {root_crl.get(), pck_crl.get()}, world.now()),
            X509_V_ERR_CERT_REVOKED);
}

TEST_F(SimIntelTest, ProfileIsIntels) {
  const Own<X509> root = Certificate(world.Certificate(IntelCertificate::kRoot));
  const Own<X509> leaf = Certificate(world.PckCertificate());
  EXPECT_EQ(X509_get_version(root.get()), X509_VERSION_3);
  EXPECT_EQ(X509_check_ca(root.get()), 1);
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_get_pathlen(root.get()), 1);
  for (const Own<X509>& certificate : Pem(world.PckChain())) {
    for (const int nid : {NID_authority_key_identifier, NID_subject_key_identifier,
                          NID_crl_distribution_points, NID_key_usage, NID_basic_constraints}) {
      EXPECT_GE(X509_get_ext_by_NID(certificate.get(), nid, -1), 0) << OBJ_nid2sn(nid);
    }
  }
}

TEST_F(SimIntelTest, BendChangesOneFieldAndIsSigned) {
  PckSpec platform;
  platform.certificate = [](CertificateSpec& spec) {
    spec.bend = [](CertificateParts& parts) { parts.extensions.push_back(parts.extensions.front()); };
  };
  const Own<X509> bent = Certificate(world.PckCertificate(platform));
  const Own<X509> ca = Certificate(world.CaCertificate(intel::PckCa::kPlatform));
  EXPECT_EQ(X509_get_ext_count(bent.get()),
            X509_get_ext_count(Certificate(world.PckCertificate()).get()) + 1);
  EXPECT_EQ(X509_verify(bent.get(), X509_get0_pubkey(ca.get())), 1);
}

TEST_F(SimIntelTest, JsonIsSignedByTcbSigning) {
  const Own<EVP_PKEY> key = PublicKey(world.Key(IntelCertificate::kTcbSigning).SubjectPublicKeyInfo());
  const std::pair<const char*, Bytes> documents[] = {
      {"tcbInfo", world.TcbInfo(IntelTee::kSgx)},
      {"tcbInfo", world.TcbInfo(IntelTee::kTdx)},
      {"enclaveIdentity", world.Identity(EnclaveId::kQe)},
      {"enclaveIdentity", world.Identity(EnclaveId::kTdQe)},
      {"enclaveIdentity", world.Identity(EnclaveId::kQve)},
      {"tcbEvaluationDataNumbers", world.EvaluationNumbers(IntelTee::kTdx)}};
  for (const auto& [member, body] : documents) {
    const Json json = Json::parse(body);
    const std::string text = SignedText(body, member);
    EXPECT_EQ(Json::parse(text), json.at(member));
    const Bytes signature = FromHex(json.at("signature").get<std::string>()).value();
    EXPECT_TRUE(VerifiesRaw(key.get(), AsBytes(text), signature)) << member;
    EXPECT_FALSE(VerifiesRaw(key.get(), AsBytes(text + " "), signature)) << member;
  }
}

TEST_F(SimIntelTest, TcbInfoNamesEveryStatus) {
  const Json info = Json::parse(world.TcbInfo(IntelTee::kTdx)).at("tcbInfo");
  std::vector<std::string> statuses;
  for (const Json& level : info.at("tcbLevels")) statuses.push_back(level.at("tcbStatus"));
  for (const char* status :
       {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
        "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked"}) {
    EXPECT_NE(std::find(statuses.begin(), statuses.end(), status), statuses.end()) << status;
  }
  EXPECT_EQ(info.at("id"), "TDX");
  EXPECT_EQ(info.at("tcbLevels").at(0).at("tcb").at("tdxtcbcomponents").size(), 16u);
  EXPECT_EQ(info.at("tdxModuleIdentities").at(1).at("id"), "TDX_01");
}

TEST_F(SimIntelTest, TcbInfoVersion2IsFlat) {
  const Bytes body = world.TcbInfo(IntelTee::kSgx, kClientFmspc, kStandardNumber,
                                   [](TcbInfoSpec& info) { info.version = 2; });
  const Json info = Json::parse(body).at("tcbInfo");
  EXPECT_FALSE(info.contains("id"));
  EXPECT_EQ(info.at("tcbLevels").at(0).at("tcb").at("sgxtcbcomp16svn"), 0);
  EXPECT_EQ(info.at("tcbLevels").at(0).at("tcb").at("sgxtcbcomp01svn"), 10);
}

struct Form {
  bool tdx;
  uint16_t version, body_type;
  size_t signed_size;
};

class SimQuoteTest : public ::testing::TestWithParam<Form> {};

TEST_P(SimQuoteTest, SignaturesHoldAndLengthsAreExact) {
  const SimIntel world = SimIntel::Make();
  const auto [tdx, version, body_type, signed_size] = GetParam();
  const QuoteOptions options = {.tdx = tdx, .version = version, .body_type = body_type};
  const Bytes quote = world.Quote(options);
  const QuoteOffsets at = LocateQuote(quote);
  const ByteView view = quote;
  ASSERT_EQ(at.signed_size, signed_size);
  const int auth_length = quote[at.auth_length] | quote[at.auth_length + 1] << 8;
  EXPECT_EQ(at.auth_length + 4 + static_cast<size_t>(auth_length), quote.size());

  const Bytes attestation = SimKey("intel/attestation/platform").SubjectPublicKeyInfo();
  EXPECT_TRUE(
      VerifiesRaw(PublicKey(attestation).get(), view.first(at.signed_size), view.subspan(at.signature, 64)));
  const Bytes pck = world.PckKey(options.platform).SubjectPublicKeyInfo();
  EXPECT_TRUE(VerifiesRaw(PublicKey(pck).get(), view.subspan(at.qe_report, 384),
                          view.subspan(at.qe_report_signature, 64)));

  const std::string chain(quote.begin() + static_cast<ptrdiff_t>(at.certification_data), quote.end());
  EXPECT_EQ(chain.c_str(), world.PckChain(options.platform));
}

INSTANTIATE_TEST_SUITE_P(Forms, SimQuoteTest,
                         ::testing::Values(Form{false, 3, 1, 432}, Form{false, 4, 1, 432},
                                           Form{true, 4, 2, 632}, Form{false, 5, 1, 438},
                                           Form{true, 5, 2, 638}, Form{true, 5, 3, 702},
                                           Form{true, 5, 4, 939}));

TEST_F(SimIntelTest, QuoteIsTheSameEveryTimeAndBendIsSigned) {
  EXPECT_EQ(world.Quote(), world.Quote());
  const Bytes bent = world.Quote({.bend = [](QuoteSpec& spec) { spec.sgx.attributes[0] |= 0x02; }});
  const QuoteOffsets at = LocateQuote(bent);
  EXPECT_EQ(bent[at.body + 48], 0x07);
  const Bytes attestation = SimKey("intel/attestation/platform").SubjectPublicKeyInfo();
  EXPECT_TRUE(VerifiesRaw(PublicKey(attestation).get(), ByteView(bent).first(at.signed_size),
                          ByteView(bent).subspan(at.signature, 64)));
}

TEST_F(SimIntelTest, LaterWorldKeepsItsCertificates) {
  const SimIntel later = world.At(world.now() + 24h * 40);
  EXPECT_EQ(later.PckChain(), world.PckChain());
  EXPECT_NE(later.TcbInfo(IntelTee::kSgx), world.TcbInfo(IntelTee::kSgx));
}

}  // namespace
}  // namespace thimble::sim
