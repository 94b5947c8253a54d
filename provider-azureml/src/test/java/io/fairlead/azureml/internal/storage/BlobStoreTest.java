package io.fairlead.azureml.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore.Stored;
import io.fairlead.provider.UploadedFiles.Digest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is uploaded, listed and deleted, under which names. */
class BlobStoreTest extends BlobFixture {

  @Test
  void aFileIsABlobWithItsHashAndItsRun() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1, 2, 3});

    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", Optional.empty());

    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(1, 2, 3);
    assertThat(store.list(FOLDER + "/")).singleElement().satisfies(blob -> {
      assertThat(blob.name()).isEqualTo(FOLDER + "/weights.bin");
      assertThat(blob.digest()).isEqualTo(digest(model, "weights.bin"));
      assertThat(blob.run()).contains("run-1");
      assertThat(blob.storedAt()).isEqualTo("2026-11-01T00:00:01Z");
    });
    BlobServer.Asked put = server.last("PUT");
    assertThat(put.headers().getFirst("If-None-Match")).isEqualTo("*");
    assertThat(put.headers().getFirst("Content-MD5")).isNotNull();
    assertThat(put.headers().getFirst("Content-Length")).isEqualTo("3");
    assertThat(put.headers().getFirst("x-ms-blob-type")).isEqualTo("BlockBlob");
  }

  @Test
  void anEmptyFileIsABlobToo() throws IOException {
    upload(store, file("__init__.py", new byte[0]), "__init__.py");

    assertThat(server.bytes(FOLDER + "/__init__.py")).isEmpty();
    assertThat(server.last("PUT").headers().getFirst("Content-Length")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two words.bin",
        "ünïcödé 模型.bin",
        "a#b",
        "50%",
        "%20",
        "why?",
        "a+b&c=d",
        "it's (here), [there]; ~!@$"
      })
  void aNameIsWhatItWas(String name) throws IOException {
    LocalModel model = file(name, new byte[] {1});

    upload(store, model, name);

    assertThat(server.blobs).containsOnlyKeys(FOLDER + "/" + name);
    Stored stored = store.list(FOLDER + "/").get(0);
    assertThat(stored.name()).isEqualTo(FOLDER + "/" + name);
    store.delete(stored);
    assertThat(server.blobs).isEmpty();
  }

  @Test
  void aListHasAllPagesAndNoFolders() throws IOException {
    server.pageSize(2);
    for (int i = 0; i < 5; i++) {
      server.put(FOLDER + "/part-" + i, new byte[] {1}, Map.of("fairlead_run", "run-1"));
    }
    server.put(FOLDER + "/sub", new byte[0], Map.of("hdi_isfolder", "true"));
    server.put("notes.txt", new byte[] {1}, Map.of());

    assertThat(store.list("fairlead/"))
        .extracting(Stored::name)
        .containsExactly(
            FOLDER + "/part-0",
            FOLDER + "/part-1",
            FOLDER + "/part-2",
            FOLDER + "/part-3",
            FOLDER + "/part-4");
    assertThat(server.count("GET list")).isEqualTo(3);
  }

  @Test
  void aBlobOfSomebodyElseHasNoRunAndAnotherDigest() {
    server.put(FOLDER + "/weights.bin", new byte[] {1}, Map.of());

    Stored blob = store.list(FOLDER + "/").get(0);

    assertThat(blob.run()).isEmpty();
    assertThat(blob.digest()).isEqualTo(new Digest(1, ""));
  }

  @Test
  void whatAnotherProcessHasUploadedMeanwhileStays() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    server.before(
        "PUT",
        () -> server.put(FOLDER + "/weights.bin", new byte[] {7}, Map.of("fairlead_run", "run-2")));

    upload(store, model, "weights.bin");

    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(7);
  }

  @Test
  void aBlobIsReplacedAsItWasListed() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    server.put(FOLDER + "/weights.bin", new byte[] {7}, Map.of("fairlead_run", "run-1"));
    Optional<Stored> listed = Optional.of(store.list(FOLDER + "/").get(0));

    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", listed);
    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(1);

    server.put(FOLDER + "/weights.bin", new byte[] {8}, Map.of("fairlead_run", "run-2"));
    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", listed);
    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(8);
  }

  @Test
  void whatHasReplacedABlobSinceItWasListedIsNotDeletedAndOneThatIsGoneIsNoFailure() {
    server.put(FOLDER + "/a", new byte[] {7}, Map.of("fairlead_run", "run-1"));
    Stored listed = store.list(FOLDER + "/").get(0);
    server.put(FOLDER + "/a", new byte[] {8}, Map.of("fairlead_run", "run-2"));

    store.delete(listed);
    assertThat(server.bytes(FOLDER + "/a")).containsExactly(8);

    store.delete(store.list(FOLDER + "/").get(0));
    assertThat(server.blobs).isEmpty();
    store.delete(listed);
    assertThat(server.count("DELETE")).isEqualTo(3);
  }

  @Test
  void theContainerIsAskedForWhenItIsNeededAndAgainAfterARefusal() {
    List<BlobContainer> asked = new ArrayList<>();
    BlobStore lazy = new BlobStore(
        () -> {
          BlobContainer container = new BlobContainer(server.container(), token());
          asked.add(container);
          return container;
        },
        () -> http,
        Duration.ofSeconds(5),
        time);
    assertThat(asked).isEmpty();

    lazy.list("fairlead/");
    lazy.list("fairlead/");
    assertThat(asked).hasSize(1);

    server.refuse("GET list", 403, "AuthenticationFailed", "Expired.");
    assertThatThrownBy(() -> lazy.list("fairlead/")).isInstanceOf(ServingException.class);
    lazy.list("fairlead/");
    assertThat(asked).hasSize(2);
  }

  @Test
  void whatTheContainersOwnerThrowsIsThrown() {
    ServingException refusal =
        new ServingException("azureml", ErrorKind.NOT_FOUND, "There is no workspace.");
    BlobStore without = new BlobStore(
        () -> {
          throw refusal;
        },
        () -> http,
        Duration.ofSeconds(5),
        time);

    assertThatThrownBy(() -> without.list("fairlead/")).isSameAs(refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ends with a dot.", "a\\b"})
  void aNameThatNoBlobHasIsRefusedBeforeAnyCall(String name) throws IOException {
    LocalModel model = file(name, new byte[] {1});

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> Uploads.of(model));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining(name).hasMessageContaining("Rename it");
  }
}
