package io.fairlead.azureml.internal;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.fairlead.azureml.CondaFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A conda file as YAML, which Azure ML takes as text: each entry is quoted as in JSON, which YAML reads. */
final class CondaYaml {
  private static final String PIP = "pip";
  private static final String CHANNELS = "channels:";
  private static final String DEPENDENCIES = "dependencies:";
  private static final String ENTRY = "- ";
  private static final String PIP_ENTRIES = "- pip:";
  private static final String PIP_ENTRY = "  - ";

  private CondaYaml() {}

  /** {@return what conda and pip install; empty if that is nothing} */
  static String of(Optional<CondaFile> condaFile, List<String> packages) {
    List<String> channels = condaFile.map(CondaFile::channels).orElse(List.of());
    List<String> dependencies =
        new ArrayList<>(condaFile.map(CondaFile::dependencies).orElse(List.of()));
    if (dependencies.isEmpty() && packages.isEmpty()) {
      return "";
    }
    boolean hasPip = dependencies.stream().anyMatch(one -> one.matches("pip([=<> ].*)?"));
    if (!packages.isEmpty() && !hasPip) {
      dependencies.add(PIP);
    }
    List<String> lines = new ArrayList<>();
    if (!channels.isEmpty()) {
      lines.add(CHANNELS);
      channels.forEach(channel -> lines.add(ENTRY + quoted(channel)));
    }
    lines.add(DEPENDENCIES);
    dependencies.forEach(dependency -> lines.add(ENTRY + quoted(dependency)));
    if (!packages.isEmpty()) {
      lines.add(PIP_ENTRIES);
      packages.forEach(one -> lines.add(PIP_ENTRY + quoted(one)));
    }
    return String.join("\n", lines) + "\n";
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  /** What {@link #of} was made of. */
  record Read(Optional<CondaFile> condaFile, List<String> packages) {}

  /** {@return what a conda file of this library's own form was made of; empty if it has another form} */
  static Optional<Read> read(String yaml) {
    List<String> channels = new ArrayList<>();
    List<String> dependencies = new ArrayList<>();
    List<String> packages = new ArrayList<>();
    List<String> entries = dependencies;
    for (String line : yaml.lines().toList()) {
      if (line.equals(CHANNELS)) {
        entries = channels;
      } else if (line.equals(DEPENDENCIES)) {
        entries = dependencies;
      } else if (line.equals(PIP_ENTRIES)) {
        entries = packages;
      } else {
        Optional<String> entry = entry(line, entries == packages ? PIP_ENTRY : ENTRY);
        if (entry.isEmpty()) {
          return Optional.empty();
        }
        entries.add(entry.get());
      }
    }
    if (!packages.isEmpty() && dependencies.equals(List.of(PIP)) && channels.isEmpty()) {
      dependencies.clear();
    }
    Optional<CondaFile> condaFile = dependencies.isEmpty() && channels.isEmpty()
        ? Optional.empty()
        : Optional.of(new CondaFile(channels, dependencies));
    return Optional.of(new Read(condaFile, List.copyOf(packages)));
  }

  private static Optional<String> entry(String line, String before) {
    if (!line.startsWith(before + '"') || !line.endsWith("\"")) {
      return Optional.empty();
    }
    return JsonText.read(line.substring(before.length()));
  }
}
