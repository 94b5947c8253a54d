package io.fairlead.sagemaker.internal.images;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

/**
 * AWS's prebuilt images for inference, by framework, version, Python, region and instance type; the table is
 * {@code container-images.txt}.
 *
 * <p>A version is written as AWS writes it ({@code 4.37.0}), without its last part ({@code 4.37}, the newest of
 * them), or as the beginning of a tag ({@code 2.1.0-transformers4.37.0}), which also chooses among several images of
 * one version. A short version selects the short tag, {@code 2.1-transformers4.37}, where AWS has one.
 */
public final class ContainerImages {
  private static final String FIELD = "runtime.image";
  private static final String CPU = "cpu";
  private static final String GPU = "gpu";
  private static final String ARM64 = "cpu-arm64";

  private ContainerImages() {}

  /**
   * An image of AWS's.
   *
   * @param processor the kind of processor that it was built for, as {@link InstanceTypes#architecture} calls it
   */
  public record Found(String uri, String processor) {}

  /**
   * {@return the image; empty if none is known, which is added as a problem of {@code runtime.image}}
   *
   * @param version as AWS or a user writes it; empty for the newest
   * @param pyVersion such as {@code py310}; empty for any; ignored where the tag has none
   * @param instanceType such as {@code ml.g5.xlarge}; {@code serverless} for a serverless variant; empty for an image
   *     without GPUs, or with them if all images of the version are
   */
  public static Optional<Found> resolve(
      Problems problems,
      String framework,
      String version,
      String pyVersion,
      String region,
      String instanceType) {
    String written = Table.KNOWN.alias(framework, version);
    String processor = instanceType.isEmpty()
        ? usualProcessor(framework, written)
        : InstanceTypes.architecture(instanceType);
    return new Search(problems, Table.KNOWN.images())
        .keep(
            "framework \"" + framework + '"',
            i -> i.framework().equals(framework),
            Image::framework)
        .keep(
            "version \"" + version + '"',
            i -> version.isEmpty() || i.isVersion(written),
            Image::version)
        .keep(
            "processor " + processor + (instanceType.isEmpty() ? "" : " of " + instanceType),
            i -> i.processor().equals(processor),
            Image::processor)
        .keep("Python \"" + pyVersion + '"', i -> i.isPython(pyVersion), Image::python)
        .keep("region \"" + region + '"', i -> i.accounts().containsKey(region), Image::regions)
        .newest()
        .map(image -> new Found(image.uri(region, written), processor));
  }

  private static String usualProcessor(String framework, String written) {
    Set<String> processors = Table.KNOWN.images().stream()
        .filter(image -> image.framework().equals(framework))
        .filter(image -> written.isEmpty() || image.isVersion(written))
        .map(Image::processor)
        .collect(Collectors.toSet());
    return processors.equals(Set.of(GPU)) ? GPU : CPU;
  }

  /** The remaining images; once there are none, no further problem is added. */
  private static final class Search {
    private final Problems problems;
    private final List<String> asked = new ArrayList<>();
    private List<Image> possible;

    Search(Problems problems, List<Image> all) {
      this.problems = requireNonNull(problems, "problems");
      this.possible = all;
    }

    Search keep(String what, Predicate<Image> matches, Function<Image, String> alternative) {
      asked.add(what);
      List<Image> left = possible.stream().filter(matches).toList();
      if (left.isEmpty() && !possible.isEmpty()) {
        String known =
            possible.stream().map(alternative).distinct().collect(Collectors.joining(", "));
        problems.add(new Problem(
            FIELD,
            "must be given, because no image of AWS is known for " + String.join(", ", asked)
                + "; known there: " + known,
            ""));
      }
      possible = left;
      return this;
    }

    Optional<Image> newest() {
      return possible.isEmpty() ? Optional.empty() : Optional.of(possible.get(possible.size() - 1));
    }
  }

  /**
   * One image.
   *
   * @param accounts the account of its registry, by the regions where it is published
   * @param python such as {@code py310}; {@code -} where the tag has none
   */
  private record Image(
      Map<String, String> accounts,
      String framework,
      String version,
      String python,
      String processor,
      String repository,
      String tag) {
    private static final Pattern SHORT_VERSION = Pattern.compile("\\d+\\.\\d+");
    private static final Pattern PATCH = Pattern.compile("(\\d+\\.\\d+)\\.\\d+");

    boolean isVersion(String written) {
      return version.equals(written)
          || beginning().equals(written)
          || (isShort(written) && version.startsWith(written + "."))
          || (hasShortTag() && shortened(beginning()).equals(written));
    }

    boolean isPython(String written) {
      return written.isEmpty() || python.equals("-") || python.equals(written);
    }

    String regions() {
      return String.join(", ", accounts.keySet());
    }

    String uri(String region, String written) {
      boolean asShort =
          hasShortTag() && (isShort(written) || shortened(beginning()).equals(written));
      return accounts.get(region) + ".dkr.ecr." + region + "."
          + PartitionMetadata.of(Region.of(region)).dnsSuffix() + "/" + repository + ":"
          + (asShort ? shortened(beginning()) + tag.substring(beginning().length()) : tag);
    }

    /** {@return the part of the tag before the processor: the versions} */
    private String beginning() {
      int end = tag.indexOf("-" + (processor.equals(ARM64) ? CPU : processor));
      return end < 0 ? tag : tag.substring(0, end);
    }

    private boolean hasShortTag() {
      boolean isOfFramework = switch (framework) {
        case "huggingface", "huggingface-tensorflow", "pytorch", "tensorflow" -> true;
        default -> false;
      };
      return isOfFramework && (processor.equals(CPU) || processor.equals(GPU));
    }

    private static boolean isShort(String written) {
      return SHORT_VERSION.matcher(written).matches();
    }

    private static String shortened(String versions) {
      return PATCH.matcher(versions).replaceAll("$1");
    }
  }

  private record Table(List<Image> images, Map<String, String> aliases) {
    private static final String FILE = "container-images.txt";
    static final Table KNOWN = read();

    String alias(String framework, String version) {
      return aliases.getOrDefault(framework + " " + version, version);
    }

    private static Table read() {
      Map<String, Map<String, String>> registries = new HashMap<>();
      Map<String, Map<String, String>> regions = new HashMap<>();
      Map<String, String> aliases = new HashMap<>();
      List<Image> images = new ArrayList<>();
      for (String line : lines()) {
        List<String> word = List.of(line.split(" "));
        switch (word.get(0)) {
          case "account" ->
            word.subList(3, word.size())
                .forEach(region -> registries
                    .computeIfAbsent(word.get(1), registry -> new TreeMap<>())
                    .put(region, word.get(2)));
          case "regions" -> {
            Map<String, String> accounts = new TreeMap<>(registries.get(word.get(2)));
            List<String> named = word.subList(4, word.size());
            switch (word.get(3)) {
              case "only" -> accounts.keySet().retainAll(named);
              case "except" -> accounts.keySet().removeAll(named);
              default -> {}
            }
            regions.put(word.get(1), accounts);
          }
          case "alias" -> aliases.put(word.get(1) + " " + word.get(2), word.get(3));
          default -> {
            String[] image = word.get(6).split(":", 2);
            images.add(new Image(
                requireNonNull(regions.get(word.get(1))),
                word.get(2),
                word.get(3),
                word.get(4),
                word.get(5),
                image[0],
                image[1]));
          }
        }
      }
      return new Table(List.copyOf(images), Map.copyOf(aliases));
    }

    private static List<String> lines() {
      try (BufferedReader reader = new BufferedReader(new InputStreamReader(
              requireNonNull(ContainerImages.class.getResourceAsStream(FILE), FILE),
              StandardCharsets.UTF_8));
          Stream<String> lines = reader.lines()) {
        return lines.filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
