package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/** The result of a {@link ModelFetcher}: a stream, or the answer that the cached copy is current. */
public final class Download implements AutoCloseable {
  private final InputStream content;
  private final long length;
  private final String etag;
  private final boolean changed;

  private Download(InputStream content, long length, String etag, boolean changed) {
    this.content = content;
    this.length = length;
    this.etag = etag;
    this.changed = changed;
  }

  /** {@return a download of unknown length and without an etag} */
  public static Download of(InputStream content) {
    return new Download(requireNonNull(content, "content"), -1, "", true);
  }

  /** {@return the answer that the content still has the etag of the request} */
  public static Download unchanged() {
    return new Download(InputStream.nullInputStream(), -1, "", false);
  }

  /** {@return this download with its length, by which a truncated one is detected; negative if unknown} */
  public Download withLength(long newLength) {
    return new Download(content, newLength, etag, changed);
  }

  /** {@return this download with the etag of the content; empty if there is none} */
  public Download withEtag(String newEtag) {
    return new Download(content, length, requireNonNull(newEtag, "etag"), changed);
  }

  public InputStream content() {
    return content;
  }

  public OptionalLong length() {
    return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
  }

  public String etag() {
    return etag;
  }

  public boolean isChanged() {
    return changed;
  }

  @Override
  public void close() throws IOException {
    content.close();
  }
}
