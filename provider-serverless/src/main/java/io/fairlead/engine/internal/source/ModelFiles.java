package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.ModelSource;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.format.PickleRefusal;
import io.fairlead.engine.internal.format.TorchArchive;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.text.TextFiles;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A model in a file, with the further files that belong to it. */
public final class ModelFiles implements ModelSource {
  /** The name of the graph file in a TensorFlow SavedModel's folder. */
  public static final String SAVED_MODEL = "saved_model.pb";

  private final ModelFile weights;
  private final SortedMap<String, ModelFile> externalWeights;
  private final @Nullable TextFiles texts;
  private final String digest;
  private @Nullable ModelFormat format;

  /** A model in one file. */
  ModelFiles(ModelFile weights, @Nullable TextFiles texts) {
    this(weights, new TreeMap<>(), texts);
  }

  /**
   * A model in several files.
   *
   * @param externalWeights all further files that its runtime reads, by their path relative to the folder of the first
   */
  ModelFiles(
      ModelFile weights, SortedMap<String, ModelFile> externalWeights, @Nullable TextFiles texts) {
    this.weights = weights;
    this.externalWeights = Collections.unmodifiableSortedMap(new TreeMap<>(externalWeights));
    this.texts = texts;
    this.digest = digest(weights, externalWeights, texts);
  }

  private static String digest(
      ModelFile weights, SortedMap<String, ModelFile> externalWeights, @Nullable TextFiles texts) {
    if (externalWeights.isEmpty() && texts == null) {
      return weights.fingerprint().sha256();
    }
    StringBuilder parts =
        new StringBuilder("weights ").append(weights.fingerprint().sha256());
    externalWeights.forEach((name, file) -> parts
        .append("\nexternal ")
        .append(file.fingerprint().sha256())
        .append(' ')
        .append(name.length())
        .append(' ')
        .append(name));
    if (texts != null) {
      parts.append("\ntokenizer ").append(texts.tokenizer().fingerprint().sha256());
      new TreeMap<>(texts.settings())
          .forEach((name, file) -> parts
              .append("\nsetting ")
              .append(file.fingerprint().sha256())
              .append(' ')
              .append(name));
      new TreeMap<>(texts.labels())
          .forEach(
              (name, value) -> parts.append("\nlabel ").append(name).append(' ').append(value));
    }
    return Sha256.of(parts.toString().getBytes(UTF_8));
  }

  @Override
  public String name() {
    return weights.fileName().equals(SAVED_MODEL) ? folderName() : weights.stem();
  }

  /** The name of a SavedModel's folder, or of its archive if that has no top-level folder. */
  private String folderName() {
    String folder = weights.location().replaceFirst("!?[/\\\\]" + SAVED_MODEL + "$", "");
    String name =
        folder.replaceFirst(".*[/\\\\:]", "").replaceFirst("\\.(zip|tar|tgz|tar\\.gz)$", "");
    return name.isEmpty() ? weights.stem() : name;
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public String fileName() {
    return weights.fileName();
  }

  @Override
  public Optional<Path> path() {
    return weights.path();
  }

  @Override
  public byte[] head() {
    return weights.fingerprint().head();
  }

  @Override
  public long size() {
    return weights.size();
  }

  @Override
  public long totalSize() {
    long size = weights.size();
    for (ModelFile file : externalWeights.values()) {
      size += file.size();
    }
    if (texts != null) {
      size += texts.tokenizer().size();
      for (ModelFile file : texts.settings().values()) {
        size += file.size();
      }
    }
    return size;
  }

  @Override
  public byte[] bytes() throws IOException {
    return weights.bytes();
  }

  @Override
  public String toString() {
    return weights.toString();
  }

  /** {@return the exception if no engine claims it} */
  public ServingException refusal(Failures failures) {
    ModelFormat detected = format();
    if (detected == ModelFormat.PYTORCH && !TorchArchive.isWhole(weights)) {
      return failures.failure(
          ErrorKind.INVALID,
          weights
              + " is a PyTorch archive that is cut off: fetch it again and compare its size and SHA-256");
    }
    if (detected == ModelFormat.PICKLE || detected == ModelFormat.PYTORCH) {
      return PickleRefusal.of(weights, detected, failures);
    }
    return detected.refusal(weights, failures);
  }

  public ModelFormat format() {
    ModelFormat detected = format;
    if (detected == null) {
      detected = ModelFormat.of(weights.fingerprint().head());
      if (detected == ModelFormat.PYTORCH && TorchArchive.isTorchscript(weights)) {
        detected = ModelFormat.TORCHSCRIPT;
      } else if (detected == ModelFormat.ONNX && weights.fileName().equals(SAVED_MODEL)) {
        detected = ModelFormat.SAVED_MODEL;
      }
      format = detected;
    }
    return detected;
  }

  public ModelFile weights() {
    return weights;
  }

  /** {@return the further files that its runtime reads, by their path from the folder of {@link #weights()}} */
  SortedMap<String, ModelFile> externalWeights() {
    return externalWeights;
  }

  /** {@return whether its runtime reads no other file than {@link #weights()}} */
  public boolean isOneFile() {
    return externalWeights.isEmpty();
  }

  public Optional<ModelFile> tokenizer() {
    return texts().map(TextFiles::tokenizer);
  }

  /** {@return what belongs to it for texts; empty if it has no tokenizer} */
  public Optional<TextFiles> texts() {
    return Optional.ofNullable(texts);
  }

  /**
   * Checks that the loaded files are those that the digest was computed from.
   *
   * @throws ServingException if a file has changed meanwhile
   */
  public void checkUnchanged(Failures failures) {
    List<ModelFile> all = new ArrayList<>(externalWeights.values());
    all.add(weights);
    texts().ifPresent(found -> {
      all.add(found.tokenizer());
      all.addAll(found.settings().values());
    });
    for (ModelFile file : all) {
      boolean unchanged;
      try {
        unchanged = file.isUnchanged();
      } catch (IOException e) {
        unchanged = false;
      }
      if (!unchanged) {
        throw failures.failure(
            ErrorKind.CONFLICT,
            file
                + " changed while it was being loaded: write a model under a name of its own, or rename it into"
                + " place when it is complete, and load it again");
      }
    }
  }
}
