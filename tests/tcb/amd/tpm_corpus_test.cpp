// SPDX-License-Identifier: Apache-2.0
//
// Real vTPM quotes against reference verdicts: ../shared/corpus/tpm. Whose key signed is not this test's question: each
// key is put into the runtime data of an HCL report of the simulated AMD.
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "tcb/amd/hcl.h"
#include "tests/support/sim_hcl.h"
#include "tests/tcb/amd/world.h"
#include "tests/tcb/corpus.h"

namespace thimble::amd {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::ReadFile;

const fs::path kCorpus = test::CorpusDir() / "tpm";

std::string Jwk(const HclClaims& claims) {
  return R"("kty":"RSA","n":")" + Base64Url(claims.ak_modulus) + R"(","e":")" +
         Base64Url(claims.ak_exponent) + '"';
}

std::string NumberOf(const EVP_PKEY* key, const char* name, size_t size = 0) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return "";
  Bytes bytes(std::max(size, static_cast<size_t>(BN_num_bytes(number))));
  BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
  BN_free(number);
  return Base64Url(bytes);
}

std::string Jwk(const Bytes& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  if (key == nullptr) return "";
  const size_t half = static_cast<size_t>(EVP_PKEY_get_bits(key) + 7) / 8;
  const bool rsa = EVP_PKEY_is_a(key, "RSA") == 1;
  const std::string out = rsa ? R"("kty":"RSA","n":")" + NumberOf(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
                                    NumberOf(key, OSSL_PKEY_PARAM_RSA_E) + '"'
                              : R"("kty":"EC","crv":"P-)" + std::to_string(half * 8) + R"(","x":")" +
                                    NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_X, half) + R"(","y":")" +
                                    NumberOf(key, OSSL_PKEY_PARAM_EC_PUB_Y, half) + '"';
  EVP_PKEY_free(key);
  return out;
}

std::string JwkOf(const fs::path& dir) {
  if (fs::exists(dir / "ak.pem")) return Jwk(ReadFile(dir / "ak.pem"));
  if (!fs::exists(dir / "hcl.bin")) return "";
  const auto hcl = ParseHclReport(ReadFile(dir / "hcl.bin"));
  return hcl.ok() ? Jwk(*hcl->claims) : "";
}

std::optional<tpm::PcrValues> Pcrs(const fs::path& dir) {
  if (!fs::exists(dir / "pcrs.json")) return std::nullopt;
  tpm::PcrValues pcrs;
  const Json banks = Json::parse(ReadFile(dir / "pcrs.json"));
  for (const auto& [bank, values] : banks.items()) {
    for (const auto& [number, value] : values.items())
      pcrs[tpm::FindPcrBank(bank)->id][static_cast<uint8_t>(std::stoi(number))] =
          FromHex(value.get<std::string>()).value();
  }
  return pcrs;
}

Result<Verdict> JudgeCase(const fs::path& dir, const std::string& jwk, const std::optional<Bytes>& nonce) {
  const std::string data = R"({"keys":[{"kid":"HCLAkPub",)" + jwk + "}]}";
  const Bytes report =
      World().Report(sim::SnpPlatform::Of(Product::kMilan), {.report_data = sim::BindingOf(data)});
  const Bytes evidence = sim::EncodeHclReport({.hardware_report = report, .runtime_data = data});
  TRY_ASSIGN(const HclReport hcl, ParseHclReport(evidence));
  TRY_ASSIGN(Verdict verdict, Judge(report, World().Endorsements(sim::SnpPlatform::Of(Product::kMilan))));
  const bool wrapped = fs::exists(dir / "quote.tpmt");
  TRY_ASSIGN(const tpm::Quote quote,
             tpm::ParseQuote(ReadFile(dir / "quote.msg"),
                             ReadFile(dir / (wrapped ? "quote.tpmt" : "quote.sig")), Pcrs(dir)));
  CheckHcl(verdict, hcl, &quote, nonce);
  return verdict;
}

TEST(TpmCorpus, QuotesHoldAsTheReferenceSays) {
  if (!fs::exists(kCorpus / "cases.json")) GTEST_SKIP() << "no corpus";
  const std::map<std::string, Check> ours = {{"tpm.format", Check::kHclFormat},
                                             {"tpm.signature_format", Check::kHclFormat},
                                             {"tpm.quote_signature", Check::kHclTpmSignature},
                                             {"tpm.nonce", Check::kHclTpmNonce},
                                             {"tpm.pcr_digest", Check::kHclTpmPcrDigest}};
  size_t seen = 0;
  for (const Json& entry : Json::parse(ReadFile(kCorpus / "cases.json"))) {
    const fs::path dir = kCorpus / entry["dir"].get<std::string>();
    const std::string jwk = fs::exists(dir / "quote.msg") ? JwkOf(dir) : "";
    const Json& fails = entry["reference"]["fails_all"];
    if (jwk.empty() || std::ranges::count(fails, "tpm.ak_key") != 0) continue;  // of other keys than HCLAkPub
    SCOPED_TRACE(entry["dir"].get<std::string>());
    ++seen;
    const Json nonce = entry.value("nonce", Json());
    const auto verdict =
        JudgeCase(dir, jwk, nonce.is_string() ? FromHex(nonce.get<std::string>()) : std::optional<Bytes>());
    std::optional<Check> expected;
    for (const Json& name : fails) {
      if (!expected && ours.contains(name)) expected = ours.at(name);
    }
    if (expected == Check::kHclFormat) {
      ExpectError(verdict, ErrorKind::kMalformed, Check::kHclFormat);
    } else if (expected) {
      ExpectOnly(verdict, *expected, Severity::kHard);
    } else {
      ExpectGood(verdict);
    }
  }
  EXPECT_GE(seen, 18u);
}

}  // namespace
}  // namespace thimble::amd
