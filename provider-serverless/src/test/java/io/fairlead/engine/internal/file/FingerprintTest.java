package io.fairlead.engine.internal.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.internal.OnnxFile;
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
    assertThat(fingerprint.externalFiles()).isEmpty();
  }

  @Test
  void aLocationIsFoundWhereverItLies() throws IOException {
    byte[] entry = new OnnxFile.Message()
        .message(13, new OnnxFile.Message().string(1, "location").string(2, "some/weights.bin"))
        .bytes();

    for (int at = CHUNK - entry.length - 2; at < CHUNK + 2; at++) {
      byte[] bytes = new byte[2 * CHUNK];
      System.arraycopy(entry, 0, bytes, at, entry.length);

      Fingerprint fingerprint = Fingerprint.of(new ByteArrayInputStream(bytes));

      assertThat(fingerprint.externalFiles()).containsExactly("some/weights.bin");
      assertThat(fingerprint.sha256()).isEqualTo(Sha256.of(bytes));
    }
  }

  @Test
  void aLocationThatIsCutOffIsNone() throws IOException {
    byte[] entry =
        new OnnxFile.Message().string(1, "location").string(2, "weights.bin").bytes();

    for (int length = 1; length < entry.length; length++) {
      Fingerprint fingerprint = Fingerprint.of(new ByteArrayInputStream(entry, 0, length));

      assertThat(fingerprint.externalFiles()).isEmpty();
    }
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
