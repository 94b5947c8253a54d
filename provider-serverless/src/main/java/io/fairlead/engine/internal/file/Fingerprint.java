package io.fairlead.engine.internal.file;

import io.fairlead.engine.internal.protobuf.OnnxContent;
import io.fairlead.provider.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;

/**
 * The result of one pass over a file's bytes: their hash, the first of them, and what they say if they are an ONNX model.
 *
 * <p>An ONNX file may keep its weights in files beside it ("external data"). Two equal files can then
 * be different models, so these files are part of the digest.
 */
public final class Fingerprint {
  /** The number of first bytes to keep. */
  public static final int HEAD = 1024;

  private final String sha256;
  private final byte[] head;
  private final OnnxContent content;

  public Fingerprint(String sha256, byte[] head, OnnxContent content) {
    this.sha256 = sha256;
    this.head = head;
    this.content = content;
  }

  public static Fingerprint of(InputStream in) throws IOException {
    Hashing hashing = new Hashing(in);
    OnnxContent content = OnnxContent.of(hashing);
    hashing.transferTo(OutputStream.nullOutputStream());
    return new Fingerprint(Sha256.hex(hashing.digest), hashing.head.toByteArray(), content);
  }

  public String sha256() {
    return sha256;
  }

  /** {@return the first bytes, at most 1024} */
  public byte[] head() {
    return head.clone();
  }

  /** {@return what the file says if it is an ONNX model, which no format but ONNX is asked for} */
  public OnnxContent content() {
    return content;
  }

  /** A stream that hashes what is read of it, and what is skipped. */
  private static final class Hashing extends InputStream {
    private final InputStream in;
    private final MessageDigest digest = Sha256.newDigest();
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    private final byte[] skipped = new byte[1 << 16];

    Hashing(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = in.read(buffer, offset, length);
      if (read > 0) {
        digest.update(buffer, offset, read);
        head.write(buffer, offset, Math.min(read, HEAD - head.size()));
      }
      return read;
    }

    @Override
    public long skip(long count) throws IOException {
      return Math.max(0, read(skipped, 0, (int) Math.min(count, skipped.length)));
    }
  }
}
