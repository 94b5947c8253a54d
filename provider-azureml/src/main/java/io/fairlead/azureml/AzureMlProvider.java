package io.fairlead.azureml;

import io.fairlead.azureml.internal.DefaultAzureMlPlatform;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.TimeSource;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * The provider of the platform {@code azureml}: managed online endpoints on Azure Machine Learning.
 *
 * <p>Settings: {@code subscription}, by default the value of {@code AZURE_SUBSCRIPTION_ID}; {@code resourceGroup} and
 * {@code workspace}, by default the values of {@code AZUREML_ARM_RESOURCEGROUP} and {@code AZUREML_ARM_WORKSPACE_NAME};
 * {@code cloud}: {@code public}, {@code government} or {@code china}; {@code tags}, as {@code team=search,env=prod};
 * {@code datastore}, for uploads of local files; {@code endpoint} and {@code storageEndpoint}, for an emulator or a
 * proxy; {@code token}, a bearer token in place of the default credentials; {@code apiVersion}; {@code callTimeout},
 * such as {@code 60s}.
 */
public final class AzureMlProvider implements PlatformProvider<AzureMlPlatform> {
  /** The platform's id. */
  public static final String ID = "azureml";

  private static final String SUBSCRIPTION = "AZURE_SUBSCRIPTION_ID";
  private static final String RESOURCE_GROUP = "AZUREML_ARM_RESOURCEGROUP";
  private static final String WORKSPACE = "AZUREML_ARM_WORKSPACE_NAME";

  /** Creates a provider; does nothing else. */
  public AzureMlProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<AzureMlPlatform> type() {
    return AzureMlPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(
            Capability.PINNED_REQUESTS,
            Capability.STREAMING,
            Capability.AUTOSCALING,
            Capability.INSTANCE_TYPE,
            Capability.IMAGE,
            Capability.ENVIRONMENT,
            Capability.LOCAL_FILES,
            Capability.UPLOAD)
        .partly(
            Capability.HUGGING_FACE,
            "if Azure's registry HuggingFace has it, or by an image that reads MODEL_ID or HF_MODEL_ID")
        .without(Capability.SCALE_TO_ZERO, "managed endpoints have at least one instance");
  }

  @Override
  public AzureMlPlatform open(PlatformConfig settings) {
    return open(config(settings, System.getenv()));
  }

  /** {@return the configuration, with what the settings lack from the environment} */
  static AzureMlConfig config(PlatformConfig settings, Map<String, String> environment) {
    AzureMlConfig.Draft draft = new AzureMlConfig.Draft();
    draft.subscription =
        required(settings, environment, "subscription", SUBSCRIPTION, "the id of the subscription");
    draft.resourceGroup = required(
        settings,
        environment,
        "resourceGroup",
        RESOURCE_GROUP,
        "the resource group of the workspace");
    draft.workspace =
        required(settings, environment, "workspace", WORKSPACE, "the name of the workspace");
    draft.cloud = settings
        .parsed(
            "cloud",
            "must be public, government or china",
            text -> AzureMlCloud.valueOf(text.toUpperCase(Locale.ROOT)))
        .orElse(AzureMlCloud.PUBLIC);
    draft.endpoint = settings.uri("endpoint");
    draft.storageEndpoint = settings.uri("storageEndpoint");
    draft.apiVersion = settings.text("apiVersion").orElse(AzureMlConfig.API_VERSION);
    draft.datastore = settings.text("datastore").orElse(AzureMlConfig.DATASTORE);
    draft.tags = settings
        .parsed("tags", "must be NAME=VALUE,NAME=VALUE", AzureMlProvider::tags)
        .orElse(Map.of());
    draft.callTimeout = settings.duration("callTimeout").orElse(AzureMlConfig.CALL_TIMEOUT);
    Optional<String> token = settings.text("token").filter(text -> !text.isBlank());
    if (token.isPresent()) {
      draft.credential = Optional.of(new FixedToken(
          token.get(), draft.cloud, draft.endpoint.filter(Loopback::isHostOf).isPresent()));
    }
    Optional<AzureMlConfig> config = settings.built(Map.of(), () -> new AzureMlConfig(draft));
    settings.done();
    return config.orElseThrow();
  }

  private static String required(
      PlatformConfig settings,
      Map<String, String> environment,
      String key,
      String variable,
      String meaning) {
    String given = settings.text(key).orElse("");
    String inherited = environment.getOrDefault(variable, "");
    if (given.isBlank() && !inherited.isBlank()) {
      return inherited;
    }
    return settings.requiredText(key, meaning + "; " + variable + " can be set instead");
  }

  private static Map<String, String> tags(String text) {
    Map<String, String> tags = new TreeMap<>();
    for (String tag : text.split(",", -1)) {
      int at = tag.indexOf('=');
      if (at < 0) {
        throw new IllegalArgumentException(tag);
      }
      tags.put(tag.substring(0, at).strip(), tag.substring(at + 1).strip());
    }
    return tags;
  }

  /** Opens the platform with a configuration from code. */
  public AzureMlPlatform open(AzureMlConfig config) {
    return DefaultAzureMlPlatform.open(config, TimeSource.system(), new Random());
  }
}
