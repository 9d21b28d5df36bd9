package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {

  @TempDir private Path folder;

  private static AtomicFiles.Writer text(String content) {
    return temporary -> Files.writeString(temporary, content);
  }

  @Test
  void aFileAppearsWithItsMissingFolders() {
    Path file = folder.resolve("a/b/file.txt");

    AtomicFiles.writeFile(file, text("content"));

    assertThat(file).hasContent("content");
    assertThat(file.getParent()).isDirectoryContaining(path -> path.equals(file));
    assertOnly(file.getParent(), "file.txt");
  }

  @Test
  void theDestinationIsUntouchedWhileTheWriterWrites() {
    Path file = folder.resolve("file.txt");
    AtomicFiles.writeFile(file, text("old"));

    AtomicFiles.writeFile(
        file,
        temporary -> {
          Files.writeString(temporary, "new");
          assertThat(file).hasContent("old");
          assertThat(temporary).isNotEqualTo(file).hasParent(folder);
        });

    assertThat(file).hasContent("new");
    assertOnly(folder, "file.txt");
  }

  @Test
  void aWriterThatFailsLeavesEverythingAsItWas() {
    Path file = folder.resolve("file.txt");
    AtomicFiles.writeFile(file, text("old"));

    assertThatThrownBy(
            () ->
                AtomicFiles.writeFile(
                    file,
                    temporary -> {
                      Files.writeString(temporary, "half");
                      throw new IOException("no space left on device");
                    }))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("cannot write " + file)
        .hasMessageContaining("IOException no space left on device")
        .hasCauseInstanceOf(IOException.class);
    assertThat(file).hasContent("old");
    assertOnly(folder, "file.txt");
  }

  @Test
  void anUncheckedIoErrorIsTheSame() {
    Path file = folder.resolve("file.txt");

    assertThatThrownBy(
            () ->
                AtomicFiles.writeFile(
                    file,
                    temporary -> {
                      Files.writeString(temporary, "half");
                      throw new UncheckedIOException(new IOException("broken pipe"));
                    }))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("IOException broken pipe");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void otherErrorsPassAndLeaveNothingBehindEither() {
    InvalidInputException error = new InvalidInputException("a name is too long");

    assertThatThrownBy(
            () ->
                AtomicFiles.writeFile(
                    folder.resolve("file.txt"),
                    temporary -> {
                      Files.writeString(temporary, "half");
                      throw error;
                    }))
        .isSameAs(error);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aNewDirectoryAppearsAsAWhole() {
    Path directory = folder.resolve("new/directory");

    AtomicFiles.writeDirectory(
        directory,
        temporary -> {
          Files.writeString(temporary.resolve("one"), "1");
          Files.writeString(temporary.resolve("two"), "2");
          assertThat(directory).doesNotExist();
        });

    assertOnly(directory, "one", "two");
    assertOnly(directory.getParent(), "directory");
  }

  @Test
  void anExistingDirectoryKeepsItsOtherFiles() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("directory"));
    Files.writeString(directory.resolve("one"), "old");
    Files.writeString(directory.resolve("README"), "mine");

    AtomicFiles.writeDirectory(
        directory, temporary -> Files.writeString(temporary.resolve("one"), "new"));

    assertOnly(directory, "one", "README");
    assertThat(directory.resolve("one")).hasContent("new");
    assertThat(directory.resolve("README")).hasContent("mine");
    assertOnly(folder, "directory");
  }

  @Test
  void aDirectoryWriterThatFailsLeavesNothing() {
    Path directory = folder.resolve("directory");

    assertThatThrownBy(
            () ->
                AtomicFiles.writeDirectory(
                    directory,
                    temporary -> {
                      Files.createDirectory(temporary.resolve("sub"));
                      Files.writeString(temporary.resolve("sub/one"), "1");
                      throw new IOException("no");
                    }))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("cannot write " + directory);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aDestinationBelowAFileCannotBe() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "a file");

    assertThatThrownBy(() -> AtomicFiles.writeFile(file.resolve("below"), text("x")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("cannot write " + file.resolve("below"));
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(file.resolve("below"), temporary -> {}))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("cannot write " + file.resolve("below"));
    assertThat(file).hasContent("a file");
  }

  @Test
  void aFileCannotBeWrittenWhereADirectoryIs() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("directory"));

    assertThatThrownBy(() -> AtomicFiles.writeFile(directory, text("x")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(directory + " is a directory, but a file is to be written there");
    assertThat(directory).isEmptyDirectory();
    assertOnly(folder, "directory");
  }

  @Test
  void aDirectoryCannotBeWrittenWhereAFileIs() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "a file");

    assertThatThrownBy(() -> AtomicFiles.writeDirectory(file, temporary -> {}))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(file + " is a file, but a directory is to be written there");
    assertThat(file).hasContent("a file");
  }

  @Test
  void theRootOfAFileSystemIsNoDestination() {
    Path root = folder.getRoot();

    assertThatThrownBy(() -> AtomicFiles.writeDirectory(root, temporary -> {}))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("is the root of a file system");
  }

  @Test
  void whatAKilledProcessLeftIsDeletedAndNothingElse() throws IOException {
    Path half = folder.resolve(".run.123e4567-e89b-12d3-a456-426614174000.tmp");
    Files.createDirectories(half.resolve("below"));
    Files.writeString(half.resolve("below/file"), "half");
    Files.writeString(folder.resolve(".mine.tmp"), "kept");
    AtomicFiles.writeFile(folder.resolve("file"), text("whole"));

    AtomicFiles.deleteLeftovers(folder);
    AtomicFiles.deleteLeftovers(folder.resolve("not there"));

    assertOnly(folder, ".mine.tmp", "file");
  }

  @Test
  void aDirectoryIsDeletedWithAllThatIsInIt() throws IOException {
    Path directory = folder.resolve("directory");
    AtomicFiles.writeFile(directory.resolve("a/b/file"), text("content"));

    AtomicFiles.delete(directory);
    AtomicFiles.delete(directory);

    assertThat(directory).doesNotExist();
  }

  private static void assertOnly(Path directory, String... names) {
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder(names);
  }
}
