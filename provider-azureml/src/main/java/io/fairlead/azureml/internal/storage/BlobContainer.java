package io.fairlead.azureml.internal.storage;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import java.net.URI;

/**
 * Where uploads go: the container of a datastore, and what signs requests to it.
 *
 * @param container its address, {@code https://ACCOUNT.blob.core.windows.net/CONTAINER}; on loopback it may be in
 *     plaintext
 * @param access what signs requests
 */
public record BlobContainer(URI container, BlobAccess access) {
  public BlobContainer {
    requireNonNull(container, "container");
    requireNonNull(access, "access");
    Problems.in("BlobContainer")
        .check(
            container.getHost() != null
                && container.getRawQuery() == null
                && container.getRawUserInfo() == null
                && container.getRawFragment() == null
                && container.getRawPath().matches("(/[^/]+)+"),
            "container",
            "must be the URL of a container, without a query",
            container)
        .check(
            container.getHost() == null || !container.getHost().startsWith("["),
            "container",
            "must be at a name or an IPv4 address, because the SDK cannot read others",
            container)
        .check(
            "https".equals(container.getScheme())
                || ("http".equals(container.getScheme()) && Loopback.isHostOf(container)),
            "container",
            "must be a URL of https, because requests are signed",
            container)
        .throwIfAny();
  }

  /** {@return whether requests are sent in plaintext, to this machine} */
  boolean isPlaintext() {
    return "http".equals(container.getScheme());
  }

  /** {@return the name of the storage account, as far as its host tells} */
  String account() {
    String host = container.getHost();
    int dot = host.indexOf('.');
    return dot < 0 || Loopback.isHost(host) ? host : host.substring(0, dot);
  }

  /** {@return the name of the container} */
  String name() {
    String path = container.getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** {@return the address of the account's blobs, which is that of the container without its name} */
  String service() {
    String whole = container.toString();
    return whole.substring(0, whole.lastIndexOf('/'));
  }

  /** {@return the address of a blob, as a text for messages} */
  String uri(String blob) {
    return container + "/" + blob;
  }
}
