// SPDX-License-Identifier: Apache-2.0
//
// The vectors of the specification of did:x509 (corpus/containers/did-x509), and what they leave open.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tcb/check.h"
#include "tcb/didx509/resolve.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_uvm.h"
#include "tests/tcb/corpus.h"

namespace thimble::didx509 {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr Check kCheck = Check::kUvmDid;

// Grammar, path, fingerprint and predicates, in the order in which an endorsement is judged.
Status Resolve(std::string_view text, const std::vector<Bytes>& certificates) {
  Chain chain;
  for (const Bytes& der : certificates) {
    TRY_ASSIGN(CertificatePtr certificate, Certificate::Parse(der, CertificateProfile::kTpmMaker, kCheck));
    chain.push_back(std::move(certificate));
  }
  TRY_ASSIGN(const Did did, ParseDid(text, kCheck));
  TRY(VerifyPath(chain, nullptr, kCheck));
  return Match(did, chain, kCheck);
}

TEST(DidX509, EveryVectorOfTheSpecificationHasItsOutcome) {
  const fs::path path = test::CorpusDir() / "containers" / "did-x509" / "vectors.json";
  if (!fs::exists(path)) GTEST_SKIP() << "no " << path;
  const Json vectors = Json::parse(test::ReadText(path));
  EXPECT_EQ(vectors.size(), 39u);
  size_t as_wanted = 0;
  for (const Json& vector : vectors) {
    SCOPED_TRACE(vector["id"].get<std::string>());
    std::vector<Bytes> chain;
    for (const Json& certificate : vector["input"]["chain"])
      chain.push_back(FromBase64(certificate.get<std::string>()).value());
    const Status status = Resolve(vector["input"]["did"].get<std::string>(), chain);
    const bool wanted = vector["output"].contains("document");
    EXPECT_EQ(status.ok(), wanted) << (status.ok() ? "" : status.error().message);
    if (status.ok() == wanted) ++as_wanted;
  }
  EXPECT_EQ(as_wanted, vectors.size());
}

struct World {
  sim::SimUvm uvm = sim::SimUvm::Make();
  std::vector<Bytes> chain = uvm.Chain();
  std::string Did(std::string_view predicates) const {
    return "did:x509:0:sha256:" + Base64Url(Sha256(chain.back()).view()) + std::string(predicates);
  }
  bool Holds(std::string_view predicates) const { return Resolve(Did(predicates), chain).ok(); }
};

TEST(DidX509, PredicatesAreMetOrNot) {
  const World w;
  EXPECT_TRUE(w.Holds("::eku:1.3.6.1.4.1.311.76.59.1.2"));
  EXPECT_TRUE(w.Holds("::eku:1.3.6.1.4.1.311.76.59.1.2::subject:O:Microsoft%20Corporation:CN:ContainerPlat"));
  EXPECT_TRUE(w.Holds("::subject:2.5.4.3:ContainerPlat"));
  EXPECT_TRUE(w.Holds("::subject:CN:ContainerPlat#fragment"));
  const char* bad[] = {"",
                       "::",
                       "::eku",
                       "::eku:",
                       "::eku:1.3.6.1.4.1.311.76.59.1.3",
                       "::eku:1.3.6.1.4.1.311.76.59.1.02",
                       "::eku:1.3.6.1.4.1.311.76.59.1.2:1.2.3",
                       "::eku:9.1",
                       "::eku:1.3.6.1.4.1.311.76.59.1.2::eku:1.2.3",
                       "::subject:CN",
                       "::subject:CN:containerPlat",
                       "::subject:CN:ContainerPlat:2.5.4.3:ContainerPlat",
                       "::subject:CN:ContainerPlat:OU:x",
                       "::subject:CN:Container%",
                       "::subject:CN:Container Plat",
                       "::subject:cn:ContainerPlat",
                       "::san:dns:ContainerPlat",
                       "::san:ip:127.0.0.1",
                       "::fulcio-issuer:example.com",
                       "::unknown:1",
                       ":eku:1.3.6.1.4.1.311.76.59.1.2",
                       "::subject:CN:ContainerPlat/path",
                       "::subject:CN:ContainerPlat?query"};
  for (const char* predicates : bad) EXPECT_FALSE(w.Holds(predicates)) << predicates;
}

TEST(DidX509, TheFingerprintIsOfTheVerifiedPathAlone) {
  const World w;
  const auto did = [](std::string_view algorithm, std::string_view fingerprint) {
    return "did:x509:0:" + std::string(algorithm) + ":" + std::string(fingerprint) +
           "::subject:CN:ContainerPlat";
  };
  const auto sha256 = [](const Bytes& der) { return Base64Url(Sha256(der).view()); };
  EXPECT_TRUE(Resolve(did("sha256", sha256(w.chain[2])), w.chain).ok());
  EXPECT_TRUE(Resolve(did("sha256", sha256(w.chain[1])), w.chain).ok());
  EXPECT_FALSE(Resolve(did("sha256", sha256(w.chain[0])), w.chain).ok()) << "the leaf does not count";
  EXPECT_TRUE(Resolve(did("sha384", Base64Url(Sha384(w.chain[2]).view())), w.chain).ok());
  EXPECT_FALSE(Resolve(did("sha384", sha256(w.chain[2])), w.chain).ok()) << "too short for its algorithm";
  EXPECT_FALSE(Resolve(did("sha256", sha256(w.chain[2]) + "="), w.chain).ok()) << "padding";
  EXPECT_FALSE(Resolve(did("sha1", sha256(w.chain[2])), w.chain).ok());

  // The genuine root as decoration, wherever it stands.
  const std::vector<Bytes> forged = sim::SimUvm::Make("forger").Chain();
  const std::string genuine = did("sha256", sha256(w.chain[2]));
  EXPECT_FALSE(Resolve(genuine, forged).ok());
  EXPECT_FALSE(Resolve(genuine, {forged[0], forged[1], forged[2], w.chain[2]}).ok());
  EXPECT_FALSE(Resolve(genuine, {forged[0], w.chain[2], forged[1], forged[2]}).ok());
  EXPECT_FALSE(Resolve(genuine, {forged[0], w.chain[1], w.chain[2]}).ok()) << "the CA's name, another key";
  EXPECT_FALSE(Resolve(genuine, {w.chain[0], w.chain[2]}).ok()) << "a link is missing";
  EXPECT_FALSE(Resolve(genuine, {w.chain[2], w.chain[1], w.chain[0]}).ok()) << "the other way round";
  EXPECT_FALSE(Resolve(genuine, {w.chain[0]}).ok());
}

// A path length, a CA flag, a usage, a key identifier: each differs alone.
TEST(DidX509, ThePathIsRfc5280s) {
  const sim::SimUvm uvm = sim::SimUvm::Make();
  const std::string issuer = uvm.Issuer();
  const auto with = [&](const sim::UvmSpec& spec) { return Resolve(issuer, uvm.Chain(spec)).ok(); };
  EXPECT_TRUE(with({}));
  EXPECT_TRUE(with({.intermediate = [](sim::CertificateSpec& c) { c.path_length = 0; }}));
  EXPECT_FALSE(with({.intermediate = [](sim::CertificateSpec& c) { c.is_ca = false; }}));
  EXPECT_FALSE(with({.intermediate = [](sim::CertificateSpec& c) { c.key_usage = 1; }}));
  EXPECT_FALSE(with({.intermediate = [](sim::CertificateSpec& c) { c.subject_key_id = {}; }}));
  EXPECT_FALSE(with({.leaf = [](sim::CertificateSpec& c) { c.authority_key_id = {}; }}));
  EXPECT_FALSE(with({.leaf = [](sim::CertificateSpec& c) { c.authority_key_id = {1}; }}));
  EXPECT_FALSE(with({.leaf = [](sim::CertificateSpec& c) { c.key_usage = 1u << 2; }}))
      << "neither signs nor agrees";
  EXPECT_TRUE(with({.leaf = [](sim::CertificateSpec& c) { c.key_usage = {}; }}));
  EXPECT_FALSE(with({.leaf = [](sim::CertificateSpec& c) { c.more_extensions = {}; }})) << "without its eku";
  EXPECT_FALSE(with({.leaf = [](sim::CertificateSpec& c) { c.issuer = c.subject; }}));
  EXPECT_FALSE(
      with({.leaf = [](sim::CertificateSpec& c) { c.signer = sim::SimKey("other", Curve::kP384); }}));
}

TEST(DidX509, ConstraintsOnHostsAreHeldAndOthersRefuse) {
  namespace der = sim::der;
  const sim::SimUvm uvm = sim::SimUvm::Make();
  const auto subtrees = [](uint8_t which, uint8_t kind, std::string_view name) {
    return sim::MakeExtension(
        "2.5.29.30", true,
        der::Sequence({der::Explicit(which, {der::Sequence({der::Implicit(kind, AsBytes(name))})})}));
  };
  const auto holds = [&](const Bytes& constraint, std::string_view host) {
    sim::UvmSpec spec;
    spec.intermediate = [&](sim::CertificateSpec& c) { c.more_extensions.push_back(constraint); };
    spec.leaf = [&](sim::CertificateSpec& c) {
      c.more_extensions.push_back(
          sim::MakeExtension("2.5.29.17", false, der::Sequence({der::Implicit(2, AsBytes(host))})));
    };
    return Resolve(uvm.Issuer(), uvm.Chain(spec)).ok();
  };
  const Bytes permitted = subtrees(0, 2, "example.com"), excluded = subtrees(1, 2, "example.com");
  EXPECT_TRUE(holds(permitted, "example.com"));
  EXPECT_TRUE(holds(permitted, "host.EXAMPLE.com"));
  EXPECT_FALSE(holds(permitted, "badexample.com"));
  EXPECT_FALSE(holds(permitted, "example.org"));
  EXPECT_TRUE(holds(excluded, "badexample.com"));
  EXPECT_FALSE(holds(excluded, "host.example.com"));
  EXPECT_FALSE(holds(subtrees(0, 1, "example.com"), "example.com")) << "mailboxes are not read";
}

}  // namespace
}  // namespace thimble::didx509
