package io.fairlead.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A short hash of content, for names that are derived from it.
 *
 * <p>The same parts give the same fingerprint on every machine and in every process. The length of each part is hashed
 * too, so that different lists of parts are different input.
 */
public final class Fingerprint {
  private static final int BYTES = 8;

  private final MessageDigest digest;

  private Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** {@return the first 8 bytes of a SHA-256, as 16 lowercase hexadecimal digits} */
  public static String of(String... parts) {
    Fingerprint fingerprint = new Fingerprint();
    for (String part : parts) {
      byte[] bytes = part.getBytes(UTF_8);
      fingerprint.digest.update((bytes.length + ":").getBytes(UTF_8));
      fingerprint.digest.update(bytes);
    }
    return HexFormat.of().formatHex(fingerprint.digest.digest(), 0, BYTES);
  }
}
