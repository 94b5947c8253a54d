package io.fairlead.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Draws {@code docs/pictures/NAME.svg} from {@code docs/pictures/NAME.txt}, with the JDK alone:
 * {@code java examples/src/test/java/io/fairlead/examples/Draw.java docs/pictures}.
 *
 * <p>A source has a command in each line; texts follow after bars:
 *
 * <ul>
 *   <li>{@code title | ...}, {@code desc | ...}: for readers who cannot see it
 *   <li>{@code size WIDTH HEIGHT}
 *   <li>{@code group ID X Y WIDTH HEIGHT | label}: a frame
 *   <li>{@code box ID X Y WIDTH HEIGHT COLOUR | heading | line ...}: a line in backticks is code
 *   <li>{@code bracket X Y WIDTH HEIGHT COLOUR | label}: a frame with its label in a corner
 *   <li>{@code arrow FROM SIDE TO SIDE COLOUR [dashed] | label}: a side is left, right, top or bottom, with a shift such as
 *       {@code top+40}
 *   <li>{@code text X Y STYLE | text}: h, p, code or small, each with {@code -middle} and {@code -end}
 *   <li>{@code legend X Y COLOUR | text}: what a colour of a chart means
 *   <li>{@code screen X Y FILE}: what a program has printed, as it is in that file
 *   <li>{@code chart X Y WIDTH HEIGHT FILE}: bars of the columns of a table, see {@link #chart}
 * </ul>
 */
final class Draw {
  private static final String STYLE = """
        text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; font-size: 13px; fill: #1f2328 }
        .h { font-size: 15px; font-weight: 600 }
        .small { font-size: 12px; fill: #59636e }
        .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px }
        .screen { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; white-space: pre }
        .page { fill: #ffffff; stroke: #d1d9e0 }
        .frame { fill: #f6f8fa; stroke: #d1d9e0 }
        .label { fill: #59636e; font-size: 12px; font-weight: 600; letter-spacing: .04em }
        .rule { stroke: #d1d9e0; fill: none }
        .blue { fill: #ddf4ff; stroke: #0969da } .green { fill: #dafbe1; stroke: #1a7f37 }
        .purple { fill: #fbefff; stroke: #8250df } .orange { fill: #fff1e5; stroke: #bc4c00 }
        .grey { fill: #ffffff; stroke: #818b98 }
        .line { fill: none; stroke-width: 1.75 } .dashed { stroke-dasharray: 5 4 }
        .line.blue, .line.green, .line.purple, .line.orange, .line.grey { fill: none }
        .head.blue { fill: #0969da } .head.green { fill: #1a7f37 } .head.purple { fill: #8250df }
        .head.orange { fill: #bc4c00 } .head.grey { fill: #818b98 } .head { stroke: none }
        .bar-blue { fill: #80ccff } .bar-green { fill: #6fdd8b }
        .count { font-size: 12px; font-weight: 600 }
      """;
  private static final String DARK = """
          text { fill: #f0f6fc }
          .small, .label { fill: #9198a1 }
          .page { fill: #0d1117; stroke: #3d444d }
          .frame { fill: #151b23; stroke: #3d444d }
          .rule { stroke: #3d444d }
          .blue { fill: #0c2d4f; stroke: #4493f8 } .green { fill: #0f3019; stroke: #3fb950 }
          .purple { fill: #2b1a4a; stroke: #ab7df8 } .orange { fill: #3d1f0a; stroke: #db6d28 }
          .grey { fill: #0d1117; stroke: #656c76 }
          .line.blue, .line.green, .line.purple, .line.orange, .line.grey { fill: none }
          .head.blue { fill: #4493f8 } .head.green { fill: #3fb950 } .head.purple { fill: #ab7df8 }
          .head.orange { fill: #db6d28 } .head.grey { fill: #656c76 }
          .bar-blue { fill: #1f6feb } .bar-green { fill: #2ea043 }
      """;
  private static final int LINE = 18;
  private static final int SCREEN_LINE = 16;

  private final Path folder;
  private final Map<String, Box> boxes = new HashMap<>();
  private final StringBuilder under = new StringBuilder();
  private final StringBuilder over = new StringBuilder();
  private String title = "";
  private String description = "";
  private int width;
  private int height;

  private record Box(int x, int y, int width, int height) {
    int[] side(String side) {
      String[] parts = side.split("(?=[+-])", -1);
      int shift = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
      return switch (parts[0]) {
        case "left" -> new int[] {x, y + height / 2 + shift};
        case "right" -> new int[] {x + width, y + height / 2 + shift};
        case "top" -> new int[] {x + width / 2 + shift, y};
        case "bottom" -> new int[] {x + width / 2 + shift, y + height};
        default -> throw new IllegalArgumentException("no side of a box: " + side);
      };
    }
  }

  private Draw(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments.length > 0 ? arguments[0] : "docs/pictures");
    for (Path source : sources(folder)) {
      Files.writeString(picture(source), svg(source));
      System.out.println(picture(source));
    }
  }

  /** {@return the sources in a folder} */
  static List<Path> sources(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  /** {@return where the picture of a source is} */
  static Path picture(Path source) {
    return source.resolveSibling(source.getFileName().toString().replace(".txt", ".svg"));
  }

  /** {@return the picture of a source} */
  static String svg(Path source) throws IOException {
    Draw draw = new Draw(source.toAbsolutePath().getParent());
    int number = 0;
    for (String line : Files.readAllLines(source)) {
      number++;
      try {
        if (!line.isBlank() && !line.startsWith("#")) {
          draw.command(line.strip());
        }
      } catch (RuntimeException e) {
        throw new IllegalArgumentException(
            source.getFileName() + ", line " + number + ": " + e.getMessage() + ": " + line, e);
      }
    }
    return draw.whole(source.getFileName().toString());
  }

  private String whole(String source) {
    return String.join(
        "\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + height
            + "\" width=\"" + width + "\" height=\"" + height
            + "\" role=\"img\" aria-labelledby=\"title desc\">",
        "  <!-- Drawn from " + source + " by Draw.java: change that, and draw it again. -->",
        "  <title id=\"title\">" + escaped(title) + "</title>",
        "  <desc id=\"desc\">" + escaped(description) + "</desc>",
        "  <style>",
        STYLE.stripTrailing(),
        "    @media (prefers-color-scheme: dark) {",
        DARK.stripTrailing(),
        "    }",
        "  </style>",
        rectangle(0.5, 0.5, width - 1, height - 1, 12, "page"),
        under.append(over).toString().stripTrailing(),
        "</svg>",
        "");
  }

  private void command(String line) throws IllegalArgumentException {
    String[] parts = line.split(" *\\| *", -1);
    String[] words = parts[0].split(" +");
    String[] texts = List.of(parts).subList(1, parts.length).toArray(String[]::new);
    switch (words[0]) {
      case "title" -> title = texts[0];
      case "desc" -> description = texts[0];
      case "size" -> {
        width = number(words[1]);
        height = number(words[2]);
      }
      case "group" -> {
        Box box = box(words, 2);
        boxes.put(words[1], box);
        group(box, texts[0]);
      }
      case "box" -> {
        Box box = box(words, 2);
        boxes.put(words[1], box);
        box(box, words[6], texts);
      }
      case "bracket" -> bracket(box(words, 1), words[5], texts[0]);
      case "arrow" -> arrow(words, texts);
      case "text" -> text(number(words[1]), number(words[2]), words[3], texts[0]);
      case "legend" -> legend(number(words[1]), number(words[2]), words[3], texts[0]);
      case "screen" -> screen(number(words[1]), number(words[2]), words[3]);
      case "chart" -> chart(box(words, 1), words[5]);
      default -> throw new IllegalArgumentException("no command");
    }
  }

  private static Box box(String[] words, int from) {
    return new Box(
        number(words[from]),
        number(words[from + 1]),
        number(words[from + 2]),
        number(words[from + 3]));
  }

  private static int number(String word) {
    return Integer.parseInt(word);
  }

  private void group(Box at, String label) {
    under.append(rectangle(at.x, at.y, at.width, at.height, 10, "frame")).append('\n');
    if (!label.isEmpty()) {
      under.append(write(at.x + 14, at.y + 22, "label", label, at.width - 28));
    }
  }

  private void bracket(Box at, String colour, String label) {
    under
        .append(rectangle(at.x, at.y, at.width, at.height, 10, colour))
        .append('\n')
        .append(write(at.x + 14, at.y + 24, "h", label, at.width - 20));
  }

  private void box(Box at, String colour, String[] lines) {
    over.append(rectangle(at.x, at.y, at.width, at.height, 8, colour)).append('\n');
    int middle = at.x + at.width / 2;
    double y = at.y + at.height / 2.0 - lines.length * LINE / 2.0 + 13.5;
    for (int i = 0; i < lines.length; i++) {
      String style = lines[i].startsWith("`") ? "code" : i == 0 ? "h" : "small";
      over.append(
          write(middle, y + i * LINE, style + "-middle", lines[i].replace("`", ""), at.width - 12));
    }
  }

  private void arrow(String[] words, String[] texts) {
    int[] from = found(words[1]).side(words[2]);
    int[] to = found(words[3]).side(words[4]);
    boolean acrossFirst = words[2].startsWith("left") || words[2].startsWith("right");
    double[] end = {to[0], to[1]};
    String head;
    String at = words[4];
    if (at.startsWith("left")) {
      end[0] -= 8;
      head = polygon(to[0], to[1], -9, -5, -9, 5);
    } else if (at.startsWith("right")) {
      end[0] += 8;
      head = polygon(to[0], to[1], 9, -5, 9, 5);
    } else if (at.startsWith("top")) {
      end[1] -= 8;
      head = polygon(to[0], to[1], -5, -9, 5, -9);
    } else {
      end[1] += 8;
      head = polygon(to[0], to[1], -5, 9, 5, 9);
    }
    boolean acrossLast = at.startsWith("left") || at.startsWith("right");
    double middleX = (from[0] + end[0]) / 2;
    double middleY = (from[1] + end[1]) / 2;
    String path = "M" + from[0] + " " + from[1];
    if (acrossFirst && acrossLast) {
      path += " H" + shown(middleX) + " V" + shown(end[1]) + " H" + shown(end[0]);
    } else if (!acrossFirst && !acrossLast) {
      path += " V" + shown(middleY) + " H" + shown(end[0]) + " V" + shown(end[1]);
    } else if (acrossFirst) {
      path += " H" + shown(end[0]) + " V" + shown(end[1]);
      middleY = from[1];
    } else {
      path += " V" + shown(end[1]) + " H" + shown(end[0]);
      middleY = end[1];
    }
    String dashed = words.length > 6 ? " " + words[6] : "";
    over.append("  <path class=\"line " + words[5] + dashed + "\" d=\"" + path + "\"/>\n")
        .append("  <polygon class=\"head " + words[5] + "\" points=\"" + head + "\"/>\n");
    // Above a line that goes across, and beside one that goes down.
    boolean down = !acrossFirst && !acrossLast;
    for (int i = 0; i < texts.length; i++) {
      double y = down
          ? middleY + 4 + (i - (texts.length - 1) / 2.0) * 15
          : middleY - 8 - (texts.length - 1 - i) * 15;
      over.append(write(
          down ? middleX + 10 : middleX, y, down ? "small" : "small-middle", texts[i], width));
    }
  }

  private Box found(String id) {
    Box box = boxes.get(id);
    if (box == null) {
      throw new IllegalArgumentException("no box " + id);
    }
    return box;
  }

  private void text(int x, int y, String style, String text) {
    over.append(write(x, y, style, text.replace("`", ""), width));
  }

  private void screen(int x, int y, String file) {
    int at = y;
    for (String line : lines(file)) {
      if (!line.isBlank()) {
        over.append(write(x, at, "screen", line, width - x));
      }
      at += SCREEN_LINE;
    }
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(folder.resolve(file));
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read " + file, e);
    }
  }

  /**
   * Stacked bars, one for each row of a file with comments, a line of names, and then a window's number, the traffic weight
   * of the candidate in it, and the requests that each of the two variants answered. The weight is a line over the bars.
   */
  private void chart(Box at, String file) {
    List<int[]> rows = new ArrayList<>();
    for (String line : lines(file)) {
      if (!line.startsWith("#") && !line.startsWith("window")) {
        rows.add(Stream.of(line.split(",")).mapToInt(Integer::parseInt).toArray());
      }
    }
    int most = rows.stream().mapToInt(row -> row[2] + row[3]).max().orElseThrow();
    for (int percent = 0; percent <= 100; percent += 25) {
      double y = at.y + at.height * (1 - percent / 100.0);
      over.append("  <path class=\"rule\" d=\"M" + at.x + " " + shown(y) + " H" + (at.x + at.width)
              + "\"/>\n")
          .append(write(at.x - 10, y + 4, "small-end", String.valueOf(most * percent / 100), 60))
          .append(write(at.x + at.width + 10, y + 4, "small", percent + " %", 60));
    }
    double step = (double) at.width / rows.size();
    over.append(write(at.x - 10, at.y + at.height + 18, "small-end", "window", 60))
        .append(write(at.x - 10, at.y + at.height + 38, "code-end", "route", 60));
    StringBuilder weights = new StringBuilder();
    int before = -1;
    for (int i = 0; i < rows.size(); i++) {
      int[] row = rows.get(i);
      double x = at.x + i * step;
      double blue = (double) at.height * row[2] / most;
      double green = (double) at.height * row[3] / most;
      double bottom = at.y + at.height;
      over.append(bar(x + 4, bottom - green, step - 8, green, "bar-green"))
          .append(bar(x + 4, bottom - green - blue, step - 8, blue, "bar-blue"))
          .append(write(x + step / 2, bottom + 18, "small-middle", String.valueOf(row[0]), 60));
      over.append(count(x + step / 2, bottom - green, green, row[3]))
          .append(count(x + step / 2, bottom - green - blue, blue, row[2]));
      if (row[1] != before && before != -1) {
        over.append(write(x + step / 2, bottom + 38, "code-middle", row[1] + " %", 60));
      }
      double y = at.y + at.height * (1 - row[1] / 100.0);
      weights
          .append(before == -1 ? "M" + shown(x) + " " + shown(y) : " V" + shown(y))
          .append(" H" + shown(x + step));
      before = row[1];
    }
    over.append(
        "  <path class=\"line orange\" style=\"stroke-width:2.5\" d=\"" + weights + "\"/>\n");
  }

  private static String count(double x, double top, double tall, int count) {
    return tall < 20 ? "" : write(x, top + 16, "count-middle", String.valueOf(count), 60);
  }

  private void legend(int x, int y, String colour, String text) {
    over.append(
            colour.startsWith("bar")
                ? rectangle(x, y - 11, 14, 14, 3, colour)
                : "  <path class=\"line " + colour + "\" style=\"stroke-width:2.5\" d=\"M" + x + " "
                    + (y - 4) + " h14\"/>")
        .append('\n')
        .append(write(x + 22, y, "small", text, width - x));
  }

  private static String bar(double x, double y, double width, double height, String style) {
    return height == 0 ? "" : rectangle(x, y, width, height, 2, style) + "\n";
  }

  private static String rectangle(
      double x, double y, double width, double height, int round, String style) {
    return "  <rect class=\"" + style + "\" x=\"" + shown(x) + "\" y=\"" + shown(y) + "\" width=\""
        + shown(width) + "\" height=\"" + shown(height) + "\" rx=\"" + round + "\"/>";
  }

  private static String polygon(int x, int y, int dx1, int dy1, int dx2, int dy2) {
    return x + "," + y + " " + (x + dx1) + "," + (y + dy1) + " " + (x + dx2) + "," + (y + dy2);
  }

  /** {@return a line of text, which must fit} */
  private static String write(double x, double y, String style, String text, int room) {
    String[] parts = style.split("-", -1);
    if (wide(text, parts[0]) > room) {
      throw new IllegalArgumentException(
          "needs " + Math.round(wide(text, parts[0])) + " pixels and has " + room + ": " + text);
    }
    String anchor = parts.length == 1 ? "" : " text-anchor=\"" + parts[1] + "\"";
    String kind = parts[0].equals("p") ? "" : " class=\"" + parts[0] + "\"";
    return "  <text" + kind + anchor + " x=\"" + shown(x) + "\" y=\"" + shown(y) + "\">"
        + escaped(text) + "</text>\n";
  }

  /** {@return about how wide a text is, in the widest of the fonts} */
  private static double wide(String text, String style) {
    double of = switch (style) {
      case "h" -> 15 * 0.66;
      case "code", "count", "screen" -> 12 * 0.605;
      case "label" -> 12 * 0.7;
      case "small" -> 12 * 0.58;
      default -> 13 * 0.58;
    };
    return text.length() * of;
  }

  private static String shown(double number) {
    return number == Math.rint(number)
        ? String.valueOf((long) number)
        : String.format(Locale.ROOT, "%.1f", number);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
