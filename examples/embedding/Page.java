import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Does what a page tells its reader to: writes the files that it shows, and runs its commands beside a clone.
 *
 * <p>{@code java Page.java PAGE FOLDER CLONE MAVEN...}: a block after a line of its path, such as {@code `pom.xml`:}, is a
 * file. The commands of each later block of {@code bash} run in the folder, with {@code MAVEN...} as {@code mvn}; a block of
 * {@code text} after them is what they print, in which {@code ...} is anything.
 */
public final class Page {
  private static final Pattern BLOCK = Pattern.compile(
      "(?:^`([^`\\n]+)`[^\\n]*:\\n\\n)?^```(\\w*)\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private Page() {}

  public static void main(String[] arguments) throws Exception {
    Path page = Path.of(arguments[0]);
    Path folder = Files.createDirectories(Path.of(arguments[1]).toAbsolutePath());
    Path clone = folder.resolveSibling("fairlead");
    Files.deleteIfExists(clone);
    Files.createSymbolicLink(clone, Path.of(arguments[2]).toAbsolutePath().normalize());
    String maven = List.of(arguments).subList(3, arguments.length).stream()
        .map(word -> "'" + word + "'")
        .collect(Collectors.joining(" "));

    int files = 0;
    int compared = 0;
    String printed = "";
    Matcher block = BLOCK.matcher(Files.readString(page));
    while (block.find()) {
      String language = block.group(2);
      if (block.group(1) != null && !language.equals("bash") && !language.equals("kotlin")) {
        Path file = folder.resolve(block.group(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, block.group(3));
        files++;
      } else if (language.equals("bash") && files > 0) {
        printed = run(block.group(3), maven, folder);
      } else if (language.equals("text")) {
        for (String line : block.group(3).lines().toList()) {
          Pattern shown = Pattern.compile(List.of(line.split("\\.\\.\\.", -1)).stream()
              .map(Pattern::quote)
              .collect(Collectors.joining(".*")));
          check(
              printed.lines().anyMatch(each -> shown.matcher(each).matches()),
              "it does not print '" + line + "' but:\n" + printed);
          compared++;
        }
      }
    }
    check(files >= 3 && compared >= 4, "the page has " + files + " files and " + compared + " lines");
    System.out.println("  " + files + " files, and " + compared + " lines as the page has them");
  }

  private static String run(String commands, String maven, Path folder)
      throws IOException, InterruptedException {
    List<String> bash = new ArrayList<>(List.of("bash", "-euc", "mvn() { " + maven + " \"$@\"; }\n" + commands));
    Process process = new ProcessBuilder(bash).directory(folder.toFile()).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes());
    check(process.waitFor() == 0, "failed: " + commands + printed);
    return printed;
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      System.out.println("  FAILED: " + message);
      System.exit(1);
    }
  }
}
