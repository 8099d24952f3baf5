#!/usr/bin/env perl
# What the corpus reaches: a table, and whether the list of what it leaves out is exact.
#
#   coverage_report.pl [--print] FOLDER LIST
#
# FOLDER has corpus.info (lcov's text) and corpus.json (llvm-cov's summary) of the corpus, and
# TEST.info for each unit test that LIST names; LIST is corpus/UNCOVERED, which says itself how it
# is read. --print also shows what LIST lacks in the form in which it would have it.
# Exit status: 0 floors and list hold, 1 they do not, 2 bad input.
use strict;
use warnings;
use JSON::PP;
use List::Util qw(sum0);

my %KINDS = map { $_ => 1 } qw(trap no-operation by-address unreached);
my @COMPLETE = ('src/csq');           # lines, branches, MC/DC: all, with no exception
my %FLOOR = map { $_ => 95 } qw(src/io src/ke); # percent of the lines that an operation leads to
my @problems;

sub fail {
    print STDERR "csqfuzz: @_\n";
    exit 2;
}

sub read_lines {
    my ($path) = @_;
    open my $file, '<', $path or fail("cannot read $path");
    chomp(my @lines = <$file>);
    return @lines;
}

# ---- What was reached --------------------------------------------------------------------------

# read_info PATH: file => {count => {line => n}, calls => {function => n}, start => {function => line}}
sub read_info {
    my (%info, $file);
    for (read_lines($_[0])) {
        if (m{^SF:.*?(src/(?:csq|io|ke)/[^/]+)$}) {
            $file = $info{$1} //= {count => {}, calls => {}, start => {}};
        } elsif (/^DA:(\d+),(\d+)/) {
            $file->{count}{$1} = $2;
        } elsif (/^FN:(\d+),(?:.*:)?(\w+)$/) {
            $file->{start}{$2} = $1;
        } elsif (/^FNDA:(\d+),(?:.*:)?(\w+)$/) {
            $file->{calls}{$2} += $1;
        }
    }
    return \%info;
}

my %source;

sub source_line {
    my ($file, $line) = @_;
    $source{$file} //= [undef, read_lines($file)];
    my $text = $source{$file}[$line] // '';
    $text =~ s{/\*.*?(\*/|$)}{}g;
    $text =~ s/^\s+|[\s\\]+$//g;
    return $text;
}

# function_at FILE INFO LINE: its name, or (file) for what stands outside, as a macro does.
sub function_at {
    my ($file, $info, $line) = @_;
    my $start = $info->{start};
    my ($name) = sort { $start->{$b} <=> $start->{$a} } grep { $start->{$_} <= $line } keys %$start;
    return '(file)' unless defined $name;
    source_line($file, $start->{$name});
    for my $before ($start->{$name} .. $line - 1) {
        return '(file)' if $source{$file}[$before] =~ /^}/;
    }
    return $name;
}

# unreached_statements FILE INFO: what stands on uncovered lines, those of one statement joined.
sub unreached_statements {
    my ($file, $info) = @_;
    my (@found, $open);
    for my $line (sort { $a <=> $b } grep { !$info->{count}{$_} } keys %{$info->{count}}) {
        my $text = source_line($file, $line);
        my $function = function_at($file, $info, $line);
        my $last = $found[-1];
        my $follows = $last && $last->{lines}[-1] == $line - 1 && $last->{function} eq $function;
        if ($follows && ($open || $text =~ /^[{}]*$/)) {
            push @{$last->{lines}}, $line;
            $last->{text} .= " $text" if $text !~ /^[{}]*$/;
        } else {
            push @found, {file => $file, function => $function, text => $text, lines => [$line]};
        }
        $open = $text !~ /[;{}]$/;
    }
    return @found;
}

# ---- The list ----------------------------------------------------------------------------------

# read_list PATH: its entries, each with the section it stands in.
sub read_list {
    my ($path) = @_;
    my (@entries, $section);
    my $number = 0;
    for (read_lines($path)) {
        $number++;
        next if /^\s*(#|$)/;
        if (/^\[(\S+) (\S+) (test_\w+|-)\] (\S.*)/) {
            $section = {file => $1, kind => $2, test => $3};
            $KINDS{$2} or fail("$path:$number: \"$2\" is none of: " . join ' ', sort keys %KINDS);
            next;
        }
        my ($function, $text) = /^(\*|(?:\w+|\(file\)): \S.*)$/ ? split(/: /, $1, 2) : ();
        fail("$path:$number: expected [FILE KIND TEST] REASON, FUNCTION: STATEMENT, FUNCTION: * or *")
            unless $section && defined $function;
        push @entries, {%$section, function => $function, text => $text, at => "$path:$number"};
    }
    return @entries;
}

# covers ENTRY STATEMENT: does it give the reason for it?
sub covers {
    my ($entry, $statement) = @_;
    return 0 if $entry->{file} ne $statement->{file};
    return 1 if $entry->{function} eq '*';
    return 0 if $entry->{function} ne $statement->{function};
    return $entry->{text} eq '*' || $entry->{text} eq $statement->{text};
}

# Is an entry for more than a statement right: was nothing of the function, or file, reached?
sub check_whole {
    my ($entry, $info) = @_;
    my ($name, $calls, $count) = ($entry->{function}, $info->{calls}, $info->{count});
    if ($name eq '*') {
        my ($line) = sort { $a <=> $b } grep { $count->{$_} } keys %$count;
        push @problems, "$entry->{at}: $entry->{file}:$line is reached" if $line;
    } elsif (!exists $calls->{$name}) {
        push @problems, "$entry->{at}: there is no function $name in $entry->{file}";
    } elsif ($calls->{$name}) {
        push @problems, "$entry->{at}: $name is called";
    }
}

# lines_by_address ENTRY INFO: where the statement stands, reached or not.
sub lines_by_address {
    my ($entry, $info) = @_;
    return grep {
        source_line($entry->{file}, $_) eq $entry->{text}
            && function_at($entry->{file}, $info, $_) eq $entry->{function}
    } keys %{$info->{count}};
}

# Which lines an entry is about; it takes its statements out of those that still need a reason.
sub take_lines {
    my ($entry, $info, $open) = @_;
    my $whole = !defined $entry->{text} || $entry->{text} eq '*';
    my $by_address = $entry->{kind} eq 'by-address';
    check_whole($entry, $info) if $whole;
    my @taken = grep { covers($entry, $_) } @$open;
    splice @taken, 1 if !$whole && !$by_address;
    my %taken = map { $_ => 1 } @taken;
    @$open = grep { !$taken{$_} } @$open;
    my @lines = $by_address ? lines_by_address($entry, $info) : map { @{$_->{lines}} } @taken;
    push @problems, "$entry->{at}: \"$entry->{function}: $entry->{text}\" of $entry->{file} is "
        . ($by_address ? 'not there' : 'reached, or not there') if !@lines && !$whole;
    return (\@lines, [map { @{$_->{lines}} } @taken]);
}

# The reason is believed if a unit test gets there.
sub check_test {
    my ($entry, $lines, $tests) = @_;
    return if $entry->{test} eq '-';
    my $reached = $tests->{$entry->{test}}{$entry->{file}}{count};
    my @missed = sort { $a <=> $b } grep { !$reached->{$_} } @$lines;
    push @problems, "$entry->{at}: $entry->{test} does not get to $entry->{file}:" . join(',', @missed)
        if @missed;
}

# hold_against LIST INFO OPEN TESTS: file => {kind => lines}; what has no reason stays in OPEN.
sub hold_against {
    my ($list, $info, $open, $tests) = @_;
    my %listed;
    for my $entry (@$list) {
        my $of_file = $info->{$entry->{file}};
        push @problems, "$entry->{at}: nothing of $entry->{file} is measured" and next if !$of_file;
        push @problems, "$entry->{at}: there is no exception for $entry->{file}"
            if grep { $entry->{file} =~ m{^$_/} } @COMPLETE;
        my ($lines, $missed) = take_lines($entry, $of_file, $open);
        check_test($entry, $lines, $tests);
        $listed{$entry->{file}}{$entry->{kind}} += @$missed;
    }
    for my $statement (@$open) {
        push @problems, "$statement->{file}:$statement->{lines}[0]: $statement->{function}: "
            . "\"$statement->{text}\" is not reached, and no reason is given";
        $listed{$statement->{file}}{unreached} += @{$statement->{lines}};
    }
    return \%listed;
}

# ---- The table ---------------------------------------------------------------------------------

sub add {
    my ($sum, $row) = @_;
    $sum->{$_} += $row->{$_} for grep { $_ ne 'name' } keys %$row;
}

sub percent {
    my ($part, $whole) = @_;
    return $whole ? 100 * $part / $whole : 100;
}

# What an operation leads to: all lines but those for which the list says that none does.
sub reachable {
    my ($row) = @_;
    return $row->{lines} - $row->{trap} - $row->{out};
}

sub print_row {
    my ($row) = @_;
    my $share = reachable($row) ? sprintf('%.1f %%', percent($row->{reached}, reachable($row))) : '-';
    my $raw = sprintf '%.1f %%', percent($row->{reached}, $row->{lines});
    my $untrapped = $row->{lines} - $row->{trap};
    my $kept = $untrapped ? sprintf('%.1f %%', percent($row->{reached}, $untrapped)) : '-';
    printf "%-22s %5d %7d %6d %6d %5d %8s %9s %9s %9s %7s\n", $row->{name},
        @$row{qw(lines reached trap out unreached)}, $raw, $kept, $share,
        "$row->{branches_hit}/$row->{branches}", "$row->{mcdc_hit}/$row->{mcdc}";
}

sub row_of {
    my ($file, $info, $listed, $summary) = @_;
    my $count = $info->{count};
    my ($branches, $mcdc) = @$summary{qw(branches mcdc)};
    return {
        name => $file, lines => scalar keys %$count, reached => scalar(grep { $_ } values %$count),
        trap => $listed->{trap} // 0, unreached => $listed->{unreached} // 0,
        out => ($listed->{'no-operation'} // 0) + ($listed->{'by-address'} // 0),
        branches => $branches->{count}, branches_hit => $branches->{covered},
        mcdc => $mcdc->{count}, mcdc_hit => $mcdc->{covered},
    };
}

# read_summaries PATH: file => its lines, branches, mcdc as llvm-cov counts them.
sub read_summaries {
    my ($path) = @_;
    my $data = eval { decode_json(join "\n", read_lines($path)) } or fail("$path is no JSON");
    return {map { $_->{filename} =~ m{(src/(?:csq|io|ke)/[^/]+)$} ? ($1 => $_->{summary}) : () }
            @{$data->{data}[0]{files}}};
}

sub print_table {
    my ($info, $listed, $summaries) = @_;
    my %total;
    printf "%-22s %5s %7s %6s %6s %5s %8s %9s %9s %9s %7s\n", 'file', 'lines', 'reached', 'traps',
        'no op', 'left', 'of all', 'but traps', 'of rest', 'branches', 'MC/DC';
    for my $file (sort keys %$info) {
        my ($folder) = $file =~ m{^(.*)/};
        my $row = row_of($file, $info->{$file}, $listed->{$file} // {}, $summaries->{$file});
        print_row($row);
        $total{$folder}{name} = $folder;
        add($total{$folder}, $row);
    }
    print "\n";
    print_row($total{$_}) for sort keys %total;
    return \%total;
}

sub check_floors {
    my ($total) = @_;
    for my $folder (@COMPLETE) {
        my $row = $total->{$folder} or next;
        push @problems, "$folder: lines $row->{reached}/$row->{lines}, branches $row->{branches_hit}/"
            . "$row->{branches}, MC/DC $row->{mcdc_hit}/$row->{mcdc}; all are demanded"
            if $row->{reached} < $row->{lines} || $row->{branches_hit} < $row->{branches}
            || $row->{mcdc_hit} < $row->{mcdc};
    }
    for my $folder (sort keys %FLOOR) {
        my $row = $total->{$folder} or next;
        my $share = percent($row->{reached}, reachable($row));
        push @problems, sprintf '%s: %.1f %% of the lines that an operation leads to; %d %% are demanded',
            $folder, $share, $FLOOR{$folder} if $share < $FLOOR{$folder};
    }
}

# ---- All ---------------------------------------------------------------------------------------

sub main {
    my $print = @_ && $_[0] eq '--print' ? shift : 0;
    my ($folder, $path) = @_;
    fail('usage: coverage_report.pl [--print] FOLDER LIST') unless @_ == 2;
    my @list = read_list($path);
    my $info = read_info("$folder/corpus.info");
    my %tests = map { $_ => read_info("$folder/$_.info") } grep { $_ ne '-' } map { $_->{test} } @list;
    my @open = map { unreached_statements($_, $info->{$_}) } sort keys %$info;
    my $listed = hold_against(\@list, $info, \@open, \%tests);
    my $total = print_table($info, $listed, read_summaries("$folder/corpus.json"));
    check_floors($total);
    if ($print) {
        print "\n$_->{file}\n$_->{function}: $_->{text}\n" for @open;
    }
    my $untested = grep { $_->{test} eq '-' } @list;
    print "\n$untested of what is left out no unit test gets to\n" if $untested;
    print "\n" if @problems;
    print "$_\n" for @problems;
    return @problems ? 1 : 0;
}

exit main(@ARGV);
