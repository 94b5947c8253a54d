package io.fairlead.azureml.internal.storage;

import static java.util.Objects.requireNonNull;

import com.azure.core.credential.TokenCredential;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What signs requests to a container. */
public sealed interface BlobAccess {
  /** {@return the texts that no message may show} */
  List<String> secrets();

  /** {@return what was tried, as the beginning of a sentence, and what to do if it is refused} */
  String wayOut(String account);

  /** A credential of Entra ID, whose tokens are sent. */
  record Identity(TokenCredential credential) implements BlobAccess {
    public Identity {
      requireNonNull(credential, "credential");
    }

    @Override
    public List<String> secrets() {
      return List.of();
    }

    @Override
    public String wayOut(String account) {
      return "Tried the credential of the configuration. Grant its identity the role "
          + BlobErrors.ROLE + " on the storage account " + account
          + ", and see whether the account's network rules let this machine in";
    }

    /** Shows no credential, which may have a secret in its text. */
    @Override
    public String toString() {
      return "a credential of Entra ID";
    }
  }

  /** A key of the storage account, with which requests are signed. */
  record AccountKey(String account, String key) implements BlobAccess {
    public AccountKey {
      requireNonNull(account, "account");
      requireNonNull(key, "key");
    }

    @Override
    public List<String> secrets() {
      return List.of(key);
    }

    @Override
    public String wayOut(String asked) {
      return "Tried the key that the datastore has. The storage account " + asked
          + " may not allow keys any more, or may have another one: update the datastore, or let it"
          + " have no key, and grant the identity of the configuration the role "
          + BlobErrors.ROLE + " on the account";
    }

    @Override
    public String toString() {
      return "a key of the account " + account;
    }
  }

  /** A shared access signature, which is the query of each request. */
  record SharedAccess(String signature) implements BlobAccess {
    public SharedAccess {
      requireNonNull(signature, "signature");
    }

    /** {@return the whole query and the signature in it, as it is sent and as it is meant} */
    @Override
    public List<String> secrets() {
      List<String> secrets = new ArrayList<>(List.of(signature));
      for (String parameter : signature.split("[?&]", -1)) {
        if (parameter.startsWith("sig=")) {
          String value = parameter.substring("sig=".length());
          secrets.add(value);
          secrets.add(URLDecoder.decode(value, StandardCharsets.UTF_8));
        }
      }
      return secrets;
    }

    @Override
    public String wayOut(String account) {
      return "Tried the shared access signature that the datastore has. It may have expired, or the"
          + " storage account " + account
          + " may not allow it any more: update the datastore, or let it have none, and grant the"
          + " identity of the configuration the role " + BlobErrors.ROLE + " on the account";
    }

    @Override
    public String toString() {
      return "a shared access signature";
    }
  }
}
