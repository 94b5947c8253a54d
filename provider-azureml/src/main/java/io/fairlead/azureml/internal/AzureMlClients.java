package io.fairlead.azureml.internal;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.HttpClient;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.internal.arm.ArmWorkspace;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.azureml.internal.scoring.Credential;
import io.fairlead.azureml.internal.scoring.Scoring;
import io.fairlead.azureml.internal.scoring.ScoringEndpoints;
import io.fairlead.azureml.internal.storage.BlobAccess;
import io.fairlead.azureml.internal.storage.BlobContainer;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Lazy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/** What calls are made with: the HTTP client, the credential, and the workspace, each created when it is first needed. */
final class AzureMlClients implements AutoCloseable {
  private static final Pattern ACCOUNT = Pattern.compile("[a-z0-9]{3,24}");
  private static final Pattern CONTAINER = Pattern.compile("[a-z0-9$-]{3,63}");

  private final AzureMlConfig config;
  private final ClientHolder holder = new ClientHolder(AzureMlProvider.ID);

  /** Shared by all platforms, because its threads end only when it is garbage collected; it has no credentials. */
  private static final class Shared {
    static final HttpClient CLIENT = new QuietHttpClient(new JdkHttpClientBuilder(
            java.net.http.HttpClient.newBuilder()
                .version(java.net.http.HttpClient.Version.HTTP_1_1))
        .executor(Executors.newCachedThreadPool(Shared::daemon))
        // Each call has a limit of its own; with these, the SDK would start threads that never end.
        .writeTimeout(Duration.ZERO)
        .responseTimeout(Duration.ZERO)
        .readTimeout(Duration.ZERO)
        .build());

    private static Thread daemon(Runnable work) {
      Thread thread = new Thread(work, "fairlead-azureml-http");
      thread.setDaemon(true);
      return thread;
    }
  }

  private final Lazy<TokenCredential> credential = new Lazy<>(holder) {
    @Override
    protected TokenCredential make() {
      TokenCredential source = config
          .credential()
          .orElseGet(() -> new DefaultAzureCredentialBuilder()
              .authorityHost(config.cloud().authority())
              .httpClient(http())
              .build());
      return holder.closeLater(new TimedCredential(source, config.callTimeout()));
    }
  };
  private final Workspace workspace;

  AzureMlClients(AzureMlConfig config) {
    this.config = config;
    this.workspace =
        new ArmWorkspace(config, holder, credential::get, identity(config), this::http);
  }

  /** {@return the credentials that are used, as a phrase} */
  static String identity(AzureMlConfig config) {
    return config.credential().isPresent()
        ? "the caller's own credential"
        : "the default credentials of this machine (DefaultAzureCredential)";
  }

  /**
   * Waits for a token to manage the workspace with.
   *
   * @throws ServingException if there is none
   */
  void requireToken() {
    token("manage workspace " + config.workspace(), config.cloud().managementScope());
  }

  HttpClient http() {
    return config.httpClient().orElseGet(() -> Shared.CLIENT);
  }

  /** {@return the workspace, which refuses calls once this is closed} */
  Workspace workspace() {
    return workspace;
  }

  // ---- uploads ----

  /** {@return the container of the datastore, with a key or signature that the datastore has, or else the credential} */
  BlobContainer container() {
    Document datastore = workspace().datastore(config.datastore());
    Document properties = datastore.inside("properties").orElse(Document.EMPTY);
    String account = properties
        .text("accountName")
        .filter(name -> ACCOUNT.matcher(name).matches())
        .orElseThrow(this::noContainer);
    String container = properties
        .text("containerName")
        .filter(name -> CONTAINER.matcher(name).matches())
        .orElseThrow(this::noContainer);
    String service = service(account, properties.text("endpoint"));
    return new BlobContainer(URI.create(service + "/" + container), access(account, properties));
  }

  /** {@return the account's address: a datastore names it, and whoever may edit that must not get the token} */
  private String service(String account, Optional<String> named) {
    if (config.storageEndpoint().isPresent()) {
      return config.storageEndpoint().get().toString().replaceFirst("/$", "") + "/" + account;
    }
    String domain = config.cloud().storageDomain();
    if (named.isPresent() && !named.get().equals(domain)) {
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.INVALID,
          "Datastore " + config.datastore() + " is at " + named.get()
              + ", which is not the domain of the cloud, " + domain
              + ": set AzureMlConfig.cloud, or storageEndpoint");
    }
    return "https://" + account + ".blob." + domain;
  }

  private ServingException noContainer() {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.INVALID,
        "Datastore " + config.datastore()
            + " has no container of blobs, which uploads need: name another one by AzureMlConfig.datastore");
  }

  private BlobAccess access(String account, Document properties) {
    String type = properties.text("credentials", "credentialsType").orElse("None");
    if (type.equals("AccountKey") || type.equals("Sas")) {
      try {
        Document secrets = workspace().datastoreSecrets(config.datastore());
        Optional<BlobAccess> found = secrets
            .text("key")
            .<BlobAccess>map(key -> new BlobAccess.AccountKey(account, key))
            .or(() -> secrets.text("sasToken").map(BlobAccess.SharedAccess::new));
        if (found.isPresent()) {
          return found.get();
        }
      } catch (ServingException e) {
        // Whoever may not read the key may have a role on the blobs.
        if (e.kind() != ErrorKind.UNAUTHORIZED) {
          throw e;
        }
      }
    }
    return new BlobAccess.Identity(credential.get());
  }

  // ---- invocations ----

  /** {@return what invocations have to know of endpoints} */
  ScoringEndpoints scoring() {
    return new ScoringEndpoints() {
      @Override
      public Scoring find(String endpoint) {
        Document found = workspace()
            .endpoint(endpoint)
            .orElseThrow(() -> new ServingException(
                AzureMlProvider.ID,
                ErrorKind.NOT_FOUND,
                "There is no endpoint " + endpoint + " in workspace " + config.workspace()));
        String uri = found
            .text("properties", "scoringUri")
            .orElseThrow(() -> new ServingException(
                AzureMlProvider.ID,
                ErrorKind.CONFLICT,
                "Endpoint " + endpoint + " has no scoring URI yet: it is being created"));
        return new Scoring(URI.create(uri), EndpointSpec.authMode(found));
      }

      @Override
      public Credential credential(String endpoint, AuthMode mode) {
        return switch (mode) {
          case KEY -> key(endpoint);
          case AML_TOKEN -> token(endpoint);
          case ENTRA -> entra(endpoint);
        };
      }
    };
  }

  private Credential key(String endpoint) {
    return Credential.key(workspace()
        .endpointKeys(endpoint)
        .text("primaryKey")
        .orElseThrow(() -> none("key", endpoint)));
  }

  private Credential token(String endpoint) {
    Document token = workspace().endpointToken(endpoint);
    return new Credential(
        token.text("accessToken").orElseThrow(() -> none("token", endpoint)),
        time(token, "refreshAfterTimeUtc"),
        time(token, "expiryTimeUtc"));
  }

  /** The times are in seconds since 1970. */
  private static Optional<Instant> time(Document token, String field) {
    return token
        .text(field)
        .filter(text -> text.matches("[1-9][0-9]{0,11}"))
        .map(text -> Instant.ofEpochSecond(Long.parseLong(text)));
  }

  private static ServingException none(String what, String endpoint) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.UNKNOWN,
        "Azure gives no " + what + " of endpoint " + endpoint);
  }

  private Credential entra(String endpoint) {
    AccessToken token = token("invoke endpoint " + endpoint, config.cloud().scoringScope());
    Instant end = token.getExpiresAt().toInstant();
    return new Credential(token.getToken(), Optional.empty(), Optional.of(end));
  }

  private AccessToken token(String what, String scope) {
    try {
      return credential.get().getTokenSync(new TokenRequestContext().addScopes(scope));
    } catch (ServingException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "There is no token to " + what + " with. Tried " + identity(config) + ": "
              + e.getMessage(),
          e);
    }
  }

  @Override
  public void close() {
    holder.close();
  }
}
