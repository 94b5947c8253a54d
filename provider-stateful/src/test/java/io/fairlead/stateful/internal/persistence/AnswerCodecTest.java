package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerCodecTest {
  private final AnswerCodec codec = new AnswerCodec();

  private static byte[] encode(Entry entry) {
    return AnswerCodec.encode(entry.key(), entry.answer());
  }

  @Test
  void whatIsDecodedIsWhatWasEncoded() {
    for (int number = 0; number < 200; number++) {
      Entry entry = Entries.entry(number);
      byte[] bytes = encode(entry);

      Entry decoded = codec.decode(bytes, 0, bytes.length);

      assertThat(decoded).isNotNull();
      assertThat(decoded.key()).isEqualTo(entry.key());
      Entries.assertEqual(decoded.answer(), entry.answer());
      assertThat(codec.decode(bytes, entry.key(), Entries.DIGEST)).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "v1", "abc", "ABCD", "sha256:9f86", "Größe", "9f86d081"})
  void aDigestMayBeAnyText(String digest) {
    byte[] bytes = encode(Entries.entry(1, digest, 3));

    assertThat(codec.decode(bytes, 0, bytes.length).answer().modelDigest()).isEqualTo(digest);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 127, 128, 16_383, 16_384, 2_100_000})
  void aBodyMayHaveAnyLength(int length) {
    Entry entry = Entries.entry(1, Entries.DIGEST, length);
    byte[] bytes = encode(entry);

    Entries.assertEqual(codec.decode(bytes, 0, bytes.length).answer(), entry.answer());
  }

  @Test
  void itIsDecodedInTheMiddleOfOtherBytes() {
    byte[] bytes = encode(Entries.entry(1));
    byte[] surrounded = Entries.bytes(2, bytes.length + 30);
    System.arraycopy(bytes, 0, surrounded, 10, bytes.length);

    assertThat(codec.decode(surrounded, 10, bytes.length).key()).isEqualTo(Entries.key(1));
  }

  @Test
  void anAnswerOfAnotherKeyIsNotValid() {
    assertThat(codec.decode(encode(Entries.entry(1)), Entries.key(2), Entries.DIGEST))
        .isNull();
  }

  @Test
  void anAnswerOfAnotherModelIsNotValid() {
    assertThat(codec.decode(encode(Entries.entry(1)), Entries.key(1), "0".repeat(64)))
        .isNull();
  }

  @Test
  void eachBitCounts() {
    byte[] bytes = encode(Entries.entry(15));
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(codec.decode(bytes, 0, bytes.length)).as("bit %d", bit).isNull();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertThat(codec.decode(bytes, 0, bytes.length)).isNotNull();
  }

  @Test
  void eachByteCounts() {
    byte[] bytes = encode(Entries.entry(15));
    for (int length = 0; length < bytes.length; length++) {
      assertThat(codec.decode(bytes, 0, length)).as("%d bytes", length).isNull();
    }
    assertThat(codec.decode(Arrays.copyOf(bytes, bytes.length + 1), 0, bytes.length + 1))
        .isNull();
  }

  /** Lengths that a writer made up, with a checksum that is right. */
  @Test
  void lengthsThatExceedTheBytesAreNotValidAndNotAllocated() {
    byte[] bytes = encode(Entries.entry(15));
    SplittableRandom random = new SplittableRandom(1);
    int valid = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] changed = bytes.clone();
      // A length of two gigabytes is five bytes.
      byte[] length = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07};
      int at = random.nextInt(1, changed.length - 9);
      System.arraycopy(length, 0, changed, at, random.nextInt(1, 6));
      int checked = changed.length - 4;
      ByteBuffer.wrap(changed).putInt(checked, AnswerCodec.checksum(changed, 0, checked));

      Entry decoded = codec.decode(changed, 0, changed.length);

      valid += decoded == null ? 0 : 1;
    }
    // Where the bytes hit a key, a time or a body, it is another valid entry.
    assertThat(valid).isBetween(1, 19_999);
  }

  @Test
  void bytesOfNobodyAreNotValid() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (bytes.length > 0) {
        bytes[0] = 1;
      }
      assertThat(codec.decode(bytes, 0, bytes.length)).isNull();
    }
  }

  @Test
  void entriesShareTheirStrings() {
    byte[] first = encode(Entries.entry(15));
    byte[] second = encode(Entries.entry(30));

    CachedAnswer one = codec.decode(first, 0, first.length).answer();
    CachedAnswer other = codec.decode(second, 0, second.length).answer();

    assertThat(one.modelDigest()).isSameAs(other.modelDigest());
    assertThat(one.contentType()).isSameAs(other.contentType());
    assertThat(one.variant()).isSameAs(other.variant());
  }

  @Test
  void scopesWithoutEndAreNotShared() {
    byte[] body = "x".getBytes(UTF_8);
    for (int number = 0; number < 5000; number++) {
      CachedAnswer answer = new CachedAnswer(
          body, "text/csv", null, "v1", 1, 2, new RetainedRequest("s" + number, "text/csv", body));
      byte[] bytes = AnswerCodec.encode(new CacheKey(1, number), answer);

      assertThat(codec.decode(bytes, 0, bytes.length).answer().request().scope())
          .isEqualTo("s" + number);
    }
    assertThat(codec.sharedStrings()).isLessThanOrEqualTo(1024);
  }
}
