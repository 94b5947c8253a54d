package io.fairlead.azureml;

import java.net.URI;

/**
 * A cloud of Azure: its own hosts, its own directory of users, and its own scopes of tokens.
 *
 * <p>A token is asked for by the scope of the cloud, not by the host that is called.
 */
public enum AzureMlCloud {
  /** Azure itself. */
  PUBLIC(
      "https://management.azure.com",
      "https://login.microsoftonline.com/",
      "https://ml.azure.com",
      "https://portal.azure.com",
      "core.windows.net"),
  /** Azure Government, of the United States. */
  GOVERNMENT(
      "https://management.usgovcloudapi.net",
      "https://login.microsoftonline.us/",
      "https://ml.azure.us",
      "https://portal.azure.us",
      "core.usgovcloudapi.net"),
  /** Azure in China, which 21Vianet runs. */
  CHINA(
      "https://management.chinacloudapi.cn",
      "https://login.chinacloudapi.cn/",
      "https://studio.ml.azure.cn",
      "https://portal.azure.cn",
      "core.chinacloudapi.cn");

  private final URI management;
  private final String authority;
  private final URI studio;
  private final URI portal;
  private final String storage;

  AzureMlCloud(String management, String authority, String studio, String portal, String storage) {
    this.management = URI.create(management);
    this.authority = authority;
    this.studio = URI.create(studio);
    this.portal = URI.create(portal);
    this.storage = storage;
  }

  /** {@return the host of Azure Resource Manager, which tokens for it are asked for by, too} */
  public URI management() {
    return management;
  }

  /** {@return the authority that gives tokens} */
  public String authority() {
    return authority;
  }

  /** {@return where people look at a workspace: the studio} */
  public URI studio() {
    return studio;
  }

  /** {@return where people look at everything else} */
  public URI portal() {
    return portal;
  }

  /** {@return the domain of storage accounts, such as {@code core.windows.net}} */
  public String storageDomain() {
    return storage;
  }

  /** {@return the scope of tokens for Azure Resource Manager} */
  public String managementScope() {
    return management + "/.default";
  }

  /** {@return the scope of tokens by which endpoints are invoked} */
  public String scoringScope() {
    return (this == CHINA ? "https://ml.azure.cn" : studio) + "/.default";
  }
}
