package io.fairlead.engine.internal.fetch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fairlead.provider.Sha256;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.jspecify.annotations.Nullable;

/**
 * A file on a server, of a size and a content that are known before.
 *
 * @param at its location
 * @param shown its name in messages
 * @param size its size in bytes
 * @param hash its hash
 */
public record RemoteFile(URI at, String shown, long size, Optional<Hash> hash) {
  private static final int MAX_TRIES = 5;

  /**
   * The hash of a file.
   *
   * @param value hexadecimal digits, or Base64 for {@code CRC32C}
   */
  public record Hash(Kind kind, String value) {
    /** How it is computed. */
    public enum Kind {
      SHA256,
      /** The SHA-1 of a blob of Git, which begins with a header. */
      GIT,
      CRC32C
    }
  }

  /** What a server's answers mean. */
  public interface Server {
    /** {@return the hash that an answer gives; checks that it is an answer of the file that was listed} */
    Optional<Hash> hash(Web.Answer answer) throws IOException;

    /** {@return the exception for an answer without the file} */
    IOException explained(HttpStatusException e);
  }

  /**
   * {@return its content, which goes on where a broken connection ended, and fails at its end if it is another}
   *
   * @param server explains the answers
   */
  public InputStream open(Web web, Server server) {
    return new Content(this, web, server);
  }

  private static final class Content extends InputStream {
    private final RemoteFile file;
    private final Web web;
    private final Server server;
    private @Nullable Hashing hashing;
    private Web.@Nullable Answer answer;
    private @Nullable InputStream in;
    private long position;
    private int tries;
    private boolean checked;

    Content(RemoteFile file, Web web, Server server) {
      this.file = file;
      this.web = web;
      this.server = server;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      while (position < file.size()) {
        InputStream open = in == null ? reopened() : in;
        int read;
        try {
          read = open.read(bytes, offset, (int) Math.min(length, file.size() - position));
          if (read < 0) {
            throw new EOFException(
                file.shown() + " ended after " + position + " of " + file.size() + " bytes");
          }
        } catch (IOException e) {
          close();
          if (++tries == MAX_TRIES) {
            throw e;
          }
          continue;
        }
        if (read > 0) {
          tries = 0;
          position += read;
          hashing().update(bytes, offset, read);
        }
        return read;
      }
      if (!checked) {
        if (file.size() == 0) {
          reopened();
        }
        close();
        hashing().check();
        checked = true;
      }
      return -1;
    }

    private Hashing hashing() {
      if (hashing == null) {
        throw new IllegalStateException("nothing was read");
      }
      return hashing;
    }

    private InputStream reopened() throws IOException {
      Web.Answer asked;
      try {
        asked = web.get(file.at(), position);
      } catch (HttpStatusException e) {
        throw server.explained(e);
      }
      answer = asked;
      Optional<Hash> given = server.hash(asked);
      if (hashing == null) {
        hashing = new Hashing(file, file.hash().or(() -> given));
      }
      long skipped = position == 0 || asked.isPart(position) ? 0 : position;
      long expected = file.size() - position + skipped;
      if (asked.length() >= 0 && asked.length() != expected) {
        throw new IOException(file.shown() + " has " + (asked.length() + position - skipped)
            + " bytes, and not " + file.size() + " as listed");
      }
      InputStream content = asked.content();
      content.skipNBytes(skipped);
      in = content;
      return content;
    }

    @Override
    public void close() {
      Web.Answer open = answer;
      answer = null;
      in = null;
      if (open != null) {
        open.close();
      }
    }
  }

  private static final class Hashing {
    private final RemoteFile file;
    private final Optional<Hash> expected;
    private final @Nullable MessageDigest digest;
    private final Checksum checksum = new CRC32C();

    Hashing(RemoteFile file, Optional<Hash> expected) {
      this.file = file;
      this.expected = expected;
      Hash.Kind kind = expected.map(Hash::kind).orElse(Hash.Kind.CRC32C);
      this.digest = switch (kind) {
        case SHA256 -> Sha256.newDigest();
        case GIT -> git(file.size());
        case CRC32C -> null;
      };
    }

    private static MessageDigest git(long size) {
      try {
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update(("blob " + size + '\0').getBytes(US_ASCII));
        return sha1;
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every Java platform has SHA-1", e);
      }
    }

    void update(byte[] bytes, int offset, int length) {
      if (digest == null) {
        checksum.update(bytes, offset, length);
      } else {
        digest.update(bytes, offset, length);
      }
    }

    void check() throws IOException {
      if (expected.isEmpty()) {
        return;
      }
      String actual =
          digest == null ? crc32c(checksum.getValue()) : HexFormat.of().formatHex(digest.digest());
      if (!actual.equals(expected.get().value())) {
        throw new IOException(file.shown() + " came with other content: its "
            + expected.get().kind() + " is " + actual + ", and not "
            + expected.get().value()
            + " as listed");
      }
    }

    private static String crc32c(long value) {
      byte[] bytes = {
        (byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value
      };
      return Base64.getEncoder().encodeToString(bytes);
    }
  }
}
