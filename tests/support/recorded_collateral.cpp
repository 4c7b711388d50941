// SPDX-License-Identifier: Apache-2.0
#include "tests/support/recorded_collateral.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>

#include "tests/support/sim_pki.h"

namespace thimble::sim {
namespace {

namespace fs = std::filesystem;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_CRL* p) const { X509_CRL_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};

Bytes ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

std::string ReadText(const fs::path& path) { return std::string(AsText(ReadFile(path))); }

// The name of the item that a key is about, whatever its selector.
std::string ItemName(CollateralKey key) {
  std::visit(
      [](auto& k) {
        if constexpr (requires { k.selector; }) k.selector = {};
      },
      key);
  return KeyName(key);
}

std::string CommonNameOf(const X509_NAME* name) {
  char text[256] = {};
  X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
  return text;
}

intel::PckCa CaOfCrl(const Bytes& der) {
  const unsigned char* at = der.data();
  const std::unique_ptr<X509_CRL, Free> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (!crl) throw std::runtime_error("a recorded PCK CRL is not DER");
  const bool processor = CommonNameOf(X509_CRL_get_issuer(crl.get())).find("Processor") != std::string::npos;
  return processor ? intel::PckCa::kProcessor : intel::PckCa::kPlatform;
}

// The certificates in a text or a quote, without the PCK leaf: the chain of the PCK CRL's issuer.
std::string CaChainIn(const Bytes& text) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::string chain;
  while (true) {
    const std::unique_ptr<X509, Free> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) return chain;
    if (CommonNameOf(X509_get_subject_name(next.get())).find("PCK Certificate") != std::string::npos)
      continue;
    Bytes der(static_cast<size_t>(i2d_X509(next.get(), nullptr)));
    unsigned char* out = der.data();
    i2d_X509(next.get(), &out);
    chain += ToPem(der, "CERTIFICATE");
  }
}

std::string PckCrlChain(const fs::path& directory) {
  if (fs::exists(directory / "pck_crl_chain.pem")) return ReadText(directory / "pck_crl_chain.pem");
  if (fs::exists(directory / "pck_chain.pem")) return CaChainIn(ReadFile(directory / "pck_chain.pem"));
  return CaChainIn(ReadFile(directory / "quote.bin"));
}

nlohmann::json SignedMember(const Bytes& body, const char* member, const fs::path& path) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(member))
    throw std::runtime_error("no " + std::string(member) + " in " + path.string());
  return json.at(member);
}

}  // namespace

void RecordedCollateral::AddTcbInfo(const fs::path& directory) {
  const fs::path path = directory / "tcb_info.json";
  Bytes body = ReadFile(path);
  const auto info = SignedMember(body, "tcbInfo", path);
  const IntelTee tee =
      info.value("id", "SGX") == "TDX" ? IntelTee::kTdx : IntelTee::kSgx;  // version 2 has no id
  const auto fmspc = intel::Fmspc::FromHex(info.value("fmspc", ""));
  if (!fmspc) throw std::runtime_error("no FMSPC in " + path.string());
  items_[ItemName(TcbInfoKey{tee, *fmspc, {}})] = {
      {std::move(body), ReadText(directory / "tcb_info_chain.pem")},
      info.value("tcbEvaluationDataNumber", 0u)};
}

void RecordedCollateral::AddIdentity(const fs::path& directory) {
  const fs::path path = directory / "qe_identity.json";
  Bytes body = ReadFile(path);
  const auto identity = SignedMember(body, "enclaveIdentity", path);
  const std::string name = identity.value("id", "");
  const EnclaveId id = name == "TD_QE" ? EnclaveId::kTdQe : name == "QVE" ? EnclaveId::kQve : EnclaveId::kQe;
  items_[ItemName(EnclaveIdentityKey{id, {}})] = {
      {std::move(body), ReadText(directory / "qe_identity_chain.pem")},
      identity.value("tcbEvaluationDataNumber", 0u)};
}

void RecordedCollateral::AddPckCrl(const fs::path& directory) {
  Bytes crl = ReadFile(directory / "pck_crl.der");
  const intel::PckCa ca = CaOfCrl(crl);
  items_[ItemName(PckCrlKey{ca})] = {{std::move(crl), PckCrlChain(directory)}, 0};
}

void RecordedCollateral::Add(const fs::path& directory) {
  AddTcbInfo(directory);
  AddIdentity(directory);
  AddPckCrl(directory);
  items_[ItemName(RootCaCrlKey{})] = {{ReadFile(directory / "root_ca_crl.der"), ""}, 0};
}

std::optional<CollateralBytes> RecordedCollateral::Find(const CollateralKey& key) const {
  const auto found = items_.find(ItemName(key));
  if (found == items_.end()) return std::nullopt;
  const uint32_t number = found->second.number;
  const bool matches = std::visit(
      [number](const auto& k) {
        if constexpr (requires { k.selector; }) {
          return k.selector.kind != Selector::Kind::kNumber || k.selector.number == number;
        }
        return true;
      },
      key);
  if (!matches) return std::nullopt;
  return found->second.bytes;
}

}  // namespace thimble::sim
