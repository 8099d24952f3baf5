#!/usr/bin/env perl
# What the trials of ./build.sh zoo say: a table for people, results.json, index.html.
#
#   zoo_report.pl RESULTS FOLDER    RESULTS as zoo.sh writes it; FOLDER is for the other two
#
# Time is counted in executions, in CPU seconds and in CPU seconds without what it takes to start
# the program (the median of its lines with seed 0), each with its own statistics. A median
# that is not reached within the bound is shown as >BOUND; a ratio against it is >= what is shown
# if it was the baseline's, <= if it was ours, and there is none if neither was reached.
use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);
use JSON::PP;

my $here;
BEGIN { $here = abs_path(dirname(__FILE__)) }
require "$here/zoo_statistics.pl";
require "$here/zoo_page.pl";

my @COLUMNS = qw(bug lane start search seed found executions cpu reported bound stamp);
my @UNITS = qw(executions cpu net);
my @BASELINES = qw(walk pct2 pct3 pos edges feedback mutator host);
my %UNGUIDED = map { $_ => 1 } qw(walk pct2 pct3 pos);
my @GROUPS = ('single-threaded', 'interleaving', 'deep');
my %ORDER = (ours => 0, map { $BASELINES[$_] => $_ + 1 } 0 .. $#BASELINES);

sub fail {
    print STDERR "csqfuzz: @_\n";
    exit 2;
}

# ---- Trials -----------------------------------------------------------------------------------

# read_trials FILE: all, oldest first.
sub read_trials {
    my ($path) = @_;
    my @trials;
    open my $file, '<', $path or fail("cannot read $path");
    while (my $line = <$file>) {
        chomp $line;
        my %trial;
        @trial{@COLUMNS} = split /\t/, $line, -1;
        fail("$path:$.: not the " . @COLUMNS . " columns of a trial")
            unless defined $trial{stamp} && $line =~ tr/\t// == $#COLUMNS;
        for (qw(seed found executions cpu bound)) {
            fail("$path:$.: $_ is no number: \"$trial{$_}\"") unless $trial{$_} =~ /^\d+(\.\d+)?$/;
            $trial{$_} += 0;
        }
        push @trials, \%trial;
    }
    return @trials;
}

# group_of BUG: what it takes to see it, by its header.
sub group_of {
    my ($bug) = @_;
    return 'deep' if $bug =~ /^DEEP/;
    open my $patch, '<', "$here/../../conformance/mutants/$bug.patch" or return 'interleaving';
    while (my $line = <$patch>) {
        next unless $line =~ /^Detector: (single-threaded)?/;
        return $1 ? 'single-threaded' : 'interleaving';
    }
    return 'interleaving';
}

# take_off_starts TRIALS: adds "net" to each; what is left has no seed 0 any more.
sub take_off_starts {
    my %starts;
    for (grep { $_->{seed} == 0 } @_) { push @{$starts{"$_->{lane} $_->{search}"}}, [$_->{cpu}, 1] }
    my @trials = grep { $_->{seed} != 0 } @_;
    for (@trials) {
        my $net = $_->{cpu} - (median_time($starts{"$_->{lane} $_->{search}"} || []) || 0);
        $_->{net} = $net > 0 ? 0 + sprintf('%.3f', $net) : 0;
    }
    return @trials;
}

# cells TRIALS: one for each bug, lane, start and search. Of several programs that were tried under
# these names, the last one counts; of several trials with a seed, the last.
sub cells {
    my (%last, %seeds, %cell);
    for (@_) { $last{join "\t", @$_{qw(bug lane start search)}} = $_->{stamp} }
    for my $trial (@_) {
        my $key = join "\t", @$trial{qw(bug lane start search)};
        next unless $trial->{stamp} eq $last{$key};
        $cell{$key} ||= {map { $_ => $trial->{$_} } qw(bug lane start search bound)};
        $cell{$key}{seeds}{$trial->{seed}} = $trial;
    }
    return sort {
        $a->{bug} cmp $b->{bug} || $a->{lane} cmp $b->{lane}
            || ($ORDER{$a->{search}} // 9) <=> ($ORDER{$b->{search}} // 9)
            || $b->{start} cmp $a->{start}
    } values %cell;
}

# ---- One cell, and two beside each other --------------------------------------------------------

sub sample {
    my ($cell, $unit) = @_;
    return [map { [$_->{$unit}, $_->{found}] } @{$cell->{trials}}];
}

# bound_of CELL UNIT: how far its trials looked.
sub bound_of {
    my ($cell, $unit) = @_;
    return $unit eq 'executions' ? longest(sample($cell, $unit)) : $cell->{bound};
}

sub summarize {
    my ($cell) = @_;
    my $seeds = delete $cell->{seeds};
    $cell->{trials} = [map { $seeds->{$_} } sort { $a <=> $b } keys %$seeds];
    $cell->{group} = group_of($cell->{bug});
    $cell->{found} = grep { $_->{found} } @{$cell->{trials}};
    $cell->{count} = @{$cell->{trials}};
    for (@{$cell->{trials}}) { $cell->{reported}{$_->{reported}}++ if $_->{found} }
    for my $unit (@UNITS) {
        my $sample = sample($cell, $unit);
        $cell->{$unit} = {
            median => median_time($sample),
            bound => bound_of($cell, $unit),
            restricted_mean => restricted_mean($sample, bound_of($cell, $unit)),
            survival => [survival_curve($sample)],
        };
    }
}

# reached CELL UNIT: the median, or how far it was looked for; and whether it is the median. Less
# than a tick of the clock is a tick.
sub reached {
    my ($cell, $unit) = @_;
    my $known = defined $cell->{$unit}{median};
    my $value = $known ? $cell->{$unit}{median} : $cell->{$unit}{bound};
    my $least = $unit eq 'executions' ? 1 : 0.001;
    return ($value > $least ? $value : $least, $known);
}

# ratio OURS OTHER UNIT: how many times sooner ours is; and =, >= or <=.
sub ratio {
    my ($ours, $other, $unit) = @_;
    my ($a, $a_known) = reached($ours, $unit);
    my ($b, $b_known) = reached($other, $unit);
    return unless $a_known || $b_known;
    return ($b / $a, $a_known ? $b_known ? '=' : '>=' : '<=');
}

sub compare {
    my ($ours, $other) = @_;
    my %row = (bug => $ours->{bug}, lane => $ours->{lane}, start => $ours->{start},
        baseline => $other->{search}, group => $ours->{group});
    for my $unit (@UNITS) {
        my ($first, $second) = (sample($ours, $unit), sample($other, $unit));
        my ($chi_square, $p) = log_rank($first, $second);
        my ($ratio, $relation) = ratio($ours, $other, $unit);
        $row{$unit} = {log_rank => $chi_square, p => $p, a12 => a12($first, $second),
            ratio => $ratio, relation => $relation};
    }
    return \%row;
}

# best_of CELLS UNIT: the one whose median is smallest.
sub best_of {
    my ($unit, @cells) = @_;
    my @ranked = sort {
        my ($x, $x_known) = reached($a, $unit);
        my ($y, $y_known) = reached($b, $unit);
        $y_known <=> $x_known || $x <=> $y
    } @cells;
    return $ranked[0];
}

# ---- All of them ------------------------------------------------------------------------------

sub bug_and_lane { return "$_[0]{bug} $_[0]{lane}" }

# comparisons CELLS: of ours, from each start, with every baseline on the same bug and lane; and
# with the best of those that schedule by chance, chosen anew for every bug.
sub comparisons {
    my (%others, @rows);
    for (@_) { push @{$others{bug_and_lane($_)}}, $_ if $_->{search} ne 'ours' }
    for my $ours (grep { $_->{search} eq 'ours' } @_) {
        my @others = @{$others{bug_and_lane($ours)} || []};
        push @rows, map { compare($ours, $_) } @others;
        my @unguided = grep { $UNGUIDED{$_->{search}} } @others or next;
        my %best = map { $_ => compare($ours, best_of($_, @unguided))->{$_} } @UNITS;
        push @rows, {%{$rows[-1]}, baseline => 'best', %best};
    }
    return @rows;
}

# summary ROWS UNIT: the geometric mean of the ratios, and what went into it.
sub summary {
    my ($unit, @rows) = @_;
    my @ratios = grep { defined } map { $_->{$unit}{ratio} } @rows;
    my %kinds = ('=' => 0, '>=' => 0, '<=' => 0);
    for (@rows) { $kinds{$_->{$unit}{relation}}++ if defined $_->{$unit}{ratio} }
    return {ratio => geometric_mean(@ratios), compared => scalar @ratios,
        neither => @rows - @ratios, at_least => $kinds{'>='}, at_most => $kinds{'<='}};
}

sub group_rows {
    my @rows = @_;
    my @groups;
    for my $group (@GROUPS) {
        for my $start (qw(empty corpus)) {
            for my $baseline (@BASELINES, 'best') {
                my @these = grep { $_->{group} eq $group && $_->{start} eq $start
                    && $_->{baseline} eq $baseline } @rows or next;
                push @groups, {group => $group, start => $start, baseline => $baseline,
                    map { $_ => summary($_, @these) } @UNITS};
            }
        }
    }
    return @groups;
}

sub contender { return $_[0]{start} eq '-' ? $_[0]{search} : "$_[0]{search} ($_[0]{start})" }

# scores CELLS: 100 if a search finds each bug at once, 0 if it finds none: the mean over bugs and
# lanes of the share of time, within the smallest bound of all, in which it has found the bug.
sub scores {
    my ($horizon) = sort { $a <=> $b } map { $_->{bound} } @_;
    my (%share, %found, %always, @order);
    for my $cell (@_) {
        my $name = contender($cell);
        push @order, $name unless $share{$name};
        push @{$share{$name}}, 1 - restricted_mean(sample($cell, 'cpu'), $horizon) / $horizon;
        $found{$name} += $cell->{found} > 0;
        $always{$name} += $cell->{found} == $cell->{count};
    }
    return map {
        my ($sum, $shares) = (0, $share{$_});
        $sum += $_ for @$shares;
        {search => $_, cells => scalar @$shares, found => $found{$_}, always => $always{$_},
            score => 100 * $sum / @$shares, horizon => $horizon}
    } @order;
}

# only_ours CELLS: bugs that ours finds and that a baseline has looked for and none has found.
sub only_ours {
    my (%ours, %others, %tried);
    for (@_) {
        if ($_->{search} eq 'ours') { $ours{$_->{bug}} += $_->{found} }
        else { $others{$_->{bug}} += $_->{found}; $tried{$_->{bug}} = 1 }
    }
    return sort grep { $ours{$_} && $tried{$_} && !$others{$_} } keys %ours;
}

# ---- Text -------------------------------------------------------------------------------------

sub short {
    my ($number) = @_;
    return '-' unless defined $number;
    return sprintf $number >= 100 ? '%.0f' : $number >= 10 ? '%.1f' : '%.2f', $number;
}

sub show_median {
    my ($cell, $unit) = @_;
    my $median = $cell->{$unit}{median};
    my $value = defined $median ? $median : $cell->{$unit}{bound};
    return (defined $median ? '' : '>') . ($unit eq 'executions' ? int $value : short($value));
}

sub reporters {
    my ($cell) = @_;
    my $reported = $cell->{reported} || {};
    return join ' ', sort { $reported->{$b} <=> $reported->{$a} || $a cmp $b } keys %$reported;
}

sub show_ratio {
    my ($summary) = @_;
    my $ratio = $summary->{ratio};
    return 'neither' unless defined $ratio;
    my $mark = $summary->{at_least} && !$summary->{at_most} ? '>='
        : $summary->{at_most} && !$summary->{at_least} ? '<='
        : $summary->{at_most} ? '~' : '';
    return "$mark" . short($ratio);
}

sub print_text {
    my ($report) = @_;
    printf "%-8s %-5s %-7s %-8s %7s %12s %8s %8s  %s\n",
        qw(bug lane start search found executions cpu-s mean-s), 'reported by';
    for my $cell (@{$report->{cells}}) {
        printf "%-8s %-5s %-7s %-8s %7s %12s %8s %8s  %s\n", @$cell{qw(bug lane start search)},
            "$cell->{found}/$cell->{count}", show_median($cell, 'executions'),
            show_median($cell, 'cpu'), short($cell->{cpu}{restricted_mean}), reporters($cell);
    }
    printf "\n%-16s %-7s %-9s %5s %12s %12s %18s\n", 'ours against', 'start', 'baseline', 'bugs',
        'executions', 'CPU seconds', 'without start-up';
    for my $row (@{$report->{groups}}) {
        printf "%-16s %-7s %-9s %5d %12s %12s %18s\n", @$row{qw(group start baseline)},
            $row->{cpu}{compared} + $row->{cpu}{neither}, map { show_ratio($row->{$_}) } @UNITS;
    }
    printf "\n%-16s %6s %7s %7s %7s\n", qw(search score tried found always);
    printf "%-16s %6.1f %7d %7d %7d\n", @$_{qw(search score cells found always)}
        for @{$report->{scores}};
    print "\nonly ours finds: ", join(' ', @{$report->{only_ours}}) || 'none', "\n";
}

# ---- Everything -------------------------------------------------------------------------------

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', "$path.part" or fail("cannot write $path");
    print $file $text;
    close $file or fail("cannot write $path");
    rename "$path.part", $path or fail("cannot write $path");
}

fail('zoo_report.pl takes a file of results and a folder') unless @ARGV == 2;
my ($results, $folder) = @ARGV;
my @cells = cells(take_off_starts(read_trials($results)));
fail("$results has no trial") unless @cells;
summarize($_) for @cells;
my @rows = comparisons(@cells);
my $report = {cells => \@cells, comparisons => \@rows, groups => [group_rows(@rows)],
    scores => [scores(@cells)], only_ours => [only_ours(@cells)]};
print_text($report);
write_file("$folder/results.json", JSON::PP->new->canonical->pretty->encode($report));
write_file("$folder/index.html", page($report));
print "csqfuzz: the same is in $folder/results.json and, with curves, in $folder/index.html\n";
