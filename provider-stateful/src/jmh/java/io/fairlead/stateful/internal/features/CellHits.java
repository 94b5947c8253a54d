package io.fairlead.stateful.internal.features;

import ai.onnxruntime.OrtException;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * How many requests of a stream hit a cache of the least recently used answers, with the request, with its intervals
 * and with its leaves as the key, and how many of the hits are not bit-identical to what the model answers: each request is also asked of ONNX
 * Runtime.
 *
 * <p>The streams are a room's sensors in their order in time, and California housing with rows drawn by Zipf's law, in
 * sessions, of which five features are measured anew for each request. Models are looked for in the folder that the
 * system property {@code models} names, data in that of {@code traces}; what is not there is left out.
 */
@SuppressWarnings("SystemOut")
public final class CellHits {
  private static final Path MODELS = Path.of(System.getProperty("models", "../../shared/models"));
  private static final Path DATA =
      Path.of(System.getProperty("traces", "../../shared/traces"), "ml");
  private static final double SHARE = 0.05;

  private static final int HOUSING_REQUESTS = 60_000;
  private static final int HOUSING_ROWS = 4433;
  private static final double ZIPF = 0.9;
  private static final double MEAN_SESSION = 5;
  private static final double NOISE = 0.005;
  private static final int FIRST_NOISY = 3;
  private static final int LAST_NOISY = 7;
  private static final int NUMERIC = 8;
  private static final int VALUE_COLUMN = 8;
  private static final int PROXIMITY_COLUMN = 9;

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
  private static final int SENSORS = 5;
  private static final int DATE_COLUMN = 1;
  private static final int MINUTES = 60;

  private CellHits() {}

  public static void main(String[] args) throws IOException, OrtException {
    measure("occupancy, test", "occupancy-gbm", "occ_datatest.txt", CellHits::sensors);
    measure("occupancy, training", "occupancy-gbm", "occ_datatraining.txt", CellHits::sensors);
    for (long seed = 1; seed <= 3; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      measure(
          "housing, seed " + seed,
          "housing-gbm",
          "housing.csv",
          lines -> sessions(homes(lines), random));
    }
  }

  private static void measure(
      String stream, String model, String data, Function<List<String>, List<String>> requests)
      throws IOException, OrtException {
    Path modelFile = MODELS.resolve(model + ".onnx");
    Path dataFile = DATA.resolve(data);
    if (!Files.isReadable(modelFile) || !Files.isReadable(dataFile)) {
      System.out.printf(
          "%s: left out, for %s or %s is not there%n",
          stream, modelFile.toAbsolutePath(), dataFile.toAbsolutePath());
      return;
    }
    byte[] content = Files.readAllBytes(modelFile);
    CellKeys cells = CellKeys.of(content).orElseThrow();
    try (OrtModel runtime = new OrtModel(content)) {
      SelfCheck.Outcome check = SelfCheck.of(cells, runtime, new SplittableRandom(1));
      List<String> bodies = requests.apply(Files.readAllLines(dataFile));
      Hits byRequest = new Hits(bodies.size());
      Hits byIntervals = new Hits(bodies.size());
      Hits byCell = new Hits(bodies.size());
      int without = 0;
      for (String body : bodies) {
        FeatureRow row = FeatureRow.parse(Request.json(body)).orElseThrow();
        String answer = runtime.answer(row);
        byRequest.ask(body, answer);
        byte[] intervals = cells.byIntervals().cell(row).orElse(null);
        byIntervals.ask(intervals == null ? body : Arrays.toString(intervals), answer);
        byte[] cell = cells.cell(row).orElse(null);
        without += cell == null ? 1 : 0;
        byCell.ask(cell == null ? body : Arrays.toString(cell), answer);
      }
      System.out.printf(
          Locale.ROOT,
          "%s: %d requests, cache of %d answers, %d thresholds%n"
              + "  hits by request %.2f %%, by intervals %.2f %% (%d cells), by leaves %.2f %% (%d cells),"
              + " %d different answers, %d rows in no cell%n  %s%n",
          stream,
          bodies.size(),
          byCell.capacity,
          cells.cuts(),
          byRequest.percent(),
          byIntervals.percent(),
          byIntervals.seen.size(),
          byCell.percent(),
          byCell.seen.size(),
          byCell.different + byIntervals.different + byRequest.different,
          without,
          check.sentence());
    }
  }

  /** A cache of the least recently used answers. */
  private static final class Hits {
    private final int capacity;
    private final int requests;
    private final TreeSet<String> seen = new TreeSet<>();
    private final Map<String, String> cache = new LinkedHashMap<>(16, 0.75f, true);
    private int hits;
    private int different;

    Hits(int requests) {
      this.requests = requests;
      this.capacity = (int) (requests * SHARE);
    }

    void ask(String key, String answer) {
      seen.add(key);
      String cached = cache.get(key);
      if (cached != null) {
        hits++;
        different += cached.equals(answer) ? 0 : 1;
        return;
      }
      cache.put(key, answer);
      if (cache.size() > capacity) {
        cache.remove(cache.keySet().iterator().next());
      }
    }

    double percent() {
      return 100.0 * hits / requests;
    }
  }

  /** {@return a request for each line: the sensors' values, the minute of the day, and the day of the week} */
  private static List<String> sensors(List<String> lines) {
    return lines.stream()
        .skip(1)
        .map(line -> line.replace("\"", "").split(","))
        .map(fields -> {
          LocalDateTime time = LocalDateTime.parse(fields[DATE_COLUMN], TIME);
          return json(List.of(fields).subList(DATE_COLUMN + 1, DATE_COLUMN + 1 + SENSORS).stream()
                  .collect(Collectors.joining(","))
              + "," + (time.getHour() * MINUTES + time.getMinute()) + ","
              + (time.getDayOfWeek().getValue() - 1));
        })
        .toList();
  }

  /** {@return the features of each complete row} */
  private static List<double[]> homes(List<String> lines) {
    List<String[]> complete = lines.stream()
        .skip(1)
        .map(line -> line.split(",", -1))
        .filter(fields -> Arrays.stream(fields).noneMatch(String::isEmpty))
        .toList();
    List<String> places = complete.stream()
        .map(fields -> fields[PROXIMITY_COLUMN])
        .distinct()
        .sorted()
        .toList();
    List<double[]> rows = new ArrayList<>();
    for (String[] fields : complete) {
      double[] row = new double[NUMERIC + places.size()];
      for (int i = 0; i < VALUE_COLUMN; i++) {
        row[i] = Double.parseDouble(fields[i]);
      }
      row[NUMERIC + places.indexOf(fields[PROXIMITY_COLUMN])] = 1;
      rows.add(row);
    }
    return rows;
  }

  private static List<String> sessions(List<double[]> homes, RandomGenerator random) {
    List<double[]> rows = new ArrayList<>(homes);
    double[] sums = new double[HOUSING_ROWS];
    for (int i = 0; i < HOUSING_ROWS; i++) {
      // The row of each rank, at random.
      int other = random.nextInt(i, rows.size());
      double[] row = rows.get(other);
      rows.set(other, rows.get(i));
      rows.set(i, row);
      sums[i] = (i == 0 ? 0 : sums[i - 1]) + Math.pow(i + 1, -ZIPF);
    }
    List<String> requests = new ArrayList<>();
    while (requests.size() < HOUSING_REQUESTS) {
      int rank = Arrays.binarySearch(sums, random.nextDouble() * sums[HOUSING_ROWS - 1]);
      double[] row = rows.get(rank < 0 ? -rank - 1 : rank);
      do {
        requests.add(measured(row, random));
      } while (requests.size() < HOUSING_REQUESTS && random.nextDouble() >= 1 / MEAN_SESSION);
    }
    return requests;
  }

  private static String measured(double[] row, RandomGenerator random) {
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < row.length; i++) {
      boolean isNoisy = i >= FIRST_NOISY && i <= LAST_NOISY;
      double value = isNoisy ? row[i] * (1 + NOISE * random.nextGaussian()) : row[i];
      values.append(i == 0 ? "" : ",").append((float) value);
    }
    return json(values.toString());
  }

  private static String json(String values) {
    return "{\"instances\": [[" + values + "]]}";
  }
}
