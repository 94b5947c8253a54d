package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.AssetType;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The versions that assets have in the workspace, where they are not the usual ones.
 *
 * <p>Azure ML may refuse to create a version again that was deleted. The same content then gets a further version,
 * {@code USUAL-SUFFIX}, which stands for the usual one everywhere else.
 */
final class AssetVersions {
  private static final char SEPARATOR = '-';
  private static final int SUFFIX = 8;

  private final Map<List<?>, String> actual = new ConcurrentHashMap<>();

  /** {@return the version that an asset was seen to have last; the usual one if none was} */
  String actual(AssetType type, AssetRef asset) {
    return actual.getOrDefault(List.of(type, asset), asset.version());
  }

  /** {@return the asset as it is in the workspace} */
  AssetRef inWorkspace(AssetType type, AssetRef asset) {
    return new AssetRef(asset.name(), actual(type, asset));
  }

  /** Remembers the version that an asset has. */
  void note(AssetType type, AssetRef asset, String version) {
    actual.put(List.of(type, asset), version);
  }

  /** {@return a further version, which no asset has had} */
  static String further(String version) {
    return version + SEPARATOR + UUID.randomUUID().toString().substring(0, SUFFIX);
  }

  /** {@return the version for which one stands} */
  static String usual(String version) {
    int end = version.indexOf(SEPARATOR);
    return end < 0 ? version : version.substring(0, end);
  }
}
