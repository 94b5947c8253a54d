package io.fairlead.engine.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.internal.Proto;
import io.fairlead.provider.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FingerprintTest {
  private static final int CHUNK = 1 << 20;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1023, 1024, 1025, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7})
  void theHashIsThatOfAllBytes(int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);

    Fingerprint fingerprint = Fingerprint.of(new ByteArrayInputStream(bytes));

    assertThat(fingerprint.sha256()).isEqualTo(Sha256.of(bytes));
    assertThat(fingerprint.head()).hasSize(Math.min(length, 1024));
    assertThat(fingerprint.content().externalFiles()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1 << 16, CHUNK, 3 * CHUNK + 7})
  void theFilesOfAModelAreFoundBehindItsWeights(int weights) throws IOException {
    byte[] bytes = new Proto()
        .message(
            7,
            new Proto()
                .message(5, new Proto().bytes(9, new byte[weights]))
                .message(5, Proto.externalTensor("some/weights.bin")))
        .bytes();

    Fingerprint fingerprint = Fingerprint.of(new ByteArrayInputStream(bytes));

    assertThat(fingerprint.content().defect()).isEmpty();
    assertThat(fingerprint.content().externalFiles()).containsOnlyKeys("some/weights.bin");
    assertThat(fingerprint.sha256()).isEqualTo(Sha256.of(bytes));
  }

  @Test
  void whatFollowsADefectIsHashedToo() throws IOException {
    byte[] bytes = new byte[2 * CHUNK];
    bytes[CHUNK] = 1;

    Fingerprint fingerprint = Fingerprint.of(new ByteArrayInputStream(bytes));

    assertThat(fingerprint.content().defect()).isEqualTo("a field has no valid number");
    assertThat(fingerprint.sha256()).isEqualTo(Sha256.of(bytes));
  }

  @Test
  void aStreamThatGivesLittleAtATimeHasTheSameHash() throws IOException {
    byte[] bytes = new byte[5000];
    new Random(1).nextBytes(bytes);
    InputStream slow = new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] buffer, int offset, int length) {
        return super.read(buffer, offset, Math.min(length, 7));
      }
    };

    assertThat(Fingerprint.of(slow).sha256()).isEqualTo(Sha256.of(bytes));
  }
}
