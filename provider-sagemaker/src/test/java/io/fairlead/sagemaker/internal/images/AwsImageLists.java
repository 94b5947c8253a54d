package io.fairlead.sagemaker.internal.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * AWS's own lists of images, the folder {@code image_uri_config} of sagemaker-python-sdk, as lines of {@code
 * container-images.txt}.
 *
 * <p>Read are the families whose tags consist of the parts in these lists. Those of the built-in algorithms and of text
 * embeddings have rules of their own and stay as they are.
 */
final class AwsImageLists {
  /** The names of AWS's files, and what the table calls their frameworks. */
  private static final Map<String, String> FRAMEWORKS = Map.of(
      "djl-lmi", "djl-lmi",
      "huggingface", "huggingface",
      "huggingface-llm", "huggingface-llm",
      "huggingface-vllm", "huggingface-vllm",
      "sagemaker-tritonserver", "triton",
      "vllm", "vllm");

  private static final String TRITON = "triton";
  private static final String HUGGING_FACE = "huggingface";
  private static final String NESTED = "(pytorch|tensorflow)[0-9].*";

  private final List<String> table;
  private final Map<String, Map<String, String>> sets;

  /**
   * Reads lists beside a table.
   *
   * @param table the lines of the table, whose sets of regions are used where they fit
   */
  AwsImageLists(List<String> table) {
    this.table = table;
    this.sets = sets(table);
  }

  /** {@return what the table lacks, each line after a plus sign, and what AWS's lists lack, after a minus sign} */
  List<String> difference(Path folder) throws IOException {
    List<String> made = made(folder);
    Collection<String> read = new TreeSet<>();
    for (Map.Entry<String, String> one : FRAMEWORKS.entrySet()) {
      if (Files.exists(folder.resolve(one.getKey() + ".json"))) {
        read.add(one.getValue());
      }
    }
    List<String> difference = new ArrayList<>();
    made.stream()
        .filter(line -> !table.contains(line))
        .forEach(line -> difference.add("+ " + line));
    table.stream()
        .filter(line -> line.startsWith("image ") && read.contains(line.split(" ", -1)[2]))
        .filter(line -> !made.contains(line))
        .forEach(line -> difference.add("- " + line));
    return difference;
  }

  /** {@return the lines of all images in AWS's lists, and of the sets of regions that the table lacks} */
  List<String> made(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, String> one : new TreeMap<>(FRAMEWORKS).entrySet()) {
      Path file = folder.resolve(one.getKey() + ".json");
      if (Files.exists(file)) {
        JsonNode list = new ObjectMapper().readTree(file.toFile());
        family(one.getValue(), list.has("inference") ? list.get("inference") : list, lines);
      }
    }
    return lines;
  }

  private void family(String framework, JsonNode list, List<String> lines) {
    List<String> processors = texts(list.path("processors"));
    list.path("versions").properties().forEach(version -> {
      boolean nested = framework.equals(HUGGING_FACE);
      if (!nested) {
        images(framework, version.getKey(), version.getValue(), processors, lines);
        return;
      }
      version.getValue().properties().stream()
          .filter(base -> base.getKey().matches(NESTED))
          .forEach(base -> {
            String name = base.getKey().replaceFirst("[0-9].*", "");
            String prefix =
                base.getKey().substring(name.length()) + "-transformers" + version.getKey();
            images(
                name.equals("pytorch") ? HUGGING_FACE : HUGGING_FACE + "-" + name,
                version.getKey(),
                prefix,
                base.getValue(),
                processors,
                lines);
          });
    });
  }

  private void images(
      String framework,
      String version,
      JsonNode image,
      List<String> processors,
      List<String> lines) {
    images(framework, version, image.path("tag_prefix").asText(version), image, processors, lines);
  }

  private void images(
      String framework,
      String version,
      String prefix,
      JsonNode image,
      List<String> all,
      List<String> lines) {
    List<String> own = texts(image.path("processors"));
    List<String> processors = own.isEmpty() ? all : own;
    List<String> pythons = texts(image.path("py_versions"));
    String set = set(framework + "-" + version, accounts(image.path("registries")), lines);
    // Without processors in a list, its images are for GPUs, and their tags do not say so.
    for (String processor : processors.isEmpty() ? List.of("gpu") : processors) {
      for (String python : pythons.isEmpty() ? List.of("-") : pythons) {
        List<String> tag = new ArrayList<>(List.of(prefix));
        if (framework.equals(TRITON)) {
          tag.addAll(processor.equals("cpu") ? List.of("cpu") : List.of());
        } else if (!processors.isEmpty()) {
          tag.add(processor);
          tag.addAll(python.equals("-") ? List.of() : List.of(python));
          String container = image.path("container_version").path(processor).asText("");
          tag.addAll(container.isEmpty() ? List.of() : List.of(container));
        }
        lines.add(String.join(
            " ",
            "image",
            set,
            framework,
            version,
            python,
            processor,
            image.path("repository").asText() + ":" + String.join("-", tag)));
      }
    }
  }

  private static List<String> texts(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static Map<String, String> accounts(JsonNode registries) {
    Map<String, String> accounts = new TreeMap<>();
    registries
        .properties()
        .forEach(one -> accounts.put(one.getKey(), one.getValue().asText()));
    return accounts;
  }

  /** {@return the name of a set with these accounts; a new one, with its lines, if there is none} */
  private String set(String name, Map<String, String> accounts, List<String> lines) {
    for (Map.Entry<String, Map<String, String>> known : sets.entrySet()) {
      if (known.getValue().equals(accounts)) {
        return known.getKey();
      }
    }
    Map<String, List<String>> byAccount = new LinkedHashMap<>();
    accounts.forEach((region, account) ->
        byAccount.computeIfAbsent(account, key -> new ArrayList<>()).add(region));
    byAccount.forEach((account, regions) ->
        lines.add("account " + name + " " + account + " " + String.join(" ", regions)));
    lines.add("regions " + name + " " + name + " all");
    sets.put(name, accounts);
    return name;
  }

  private static Map<String, Map<String, String>> sets(List<String> table) {
    Map<String, Map<String, String>> registries = new HashMap<>();
    Map<String, Map<String, String>> sets = new LinkedHashMap<>();
    for (String line : table) {
      List<String> word = List.of(line.split(" ", -1));
      if (word.get(0).equals("account")) {
        word.subList(3, word.size())
            .forEach(region -> registries
                .computeIfAbsent(word.get(1), key -> new TreeMap<>())
                .put(region, word.get(2)));
      } else if (word.get(0).equals("regions")) {
        Map<String, String> accounts = new TreeMap<>(registries.get(word.get(2)));
        List<String> named = word.subList(4, word.size());
        if (word.get(3).equals("only")) {
          accounts.keySet().retainAll(named);
        } else if (word.get(3).equals("except")) {
          accounts.keySet().removeAll(named);
        }
        sets.put(word.get(1), accounts);
      }
    }
    return sets;
  }
}
